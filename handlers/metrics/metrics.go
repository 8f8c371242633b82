// Package metrics counts what a site does, for Prometheus.
package metrics

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/pressure"
)

// Metrics are the counters.
type Metrics struct {
	registry *prometheus.Registry

	events   *prometheus.CounterVec
	verified *prometheus.CounterVec
	levels   *prometheus.CounterVec
	answers  prometheus.Histogram
	drawn    *prometheus.CounterVec
	letters  *prometheus.HistogramVec
	failures *prometheus.CounterVec
	storage  *prometheus.HistogramVec
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

var answerBuckets = []float64{1, 2, 3, 5, 8, 12, 20, 30, 60, 120, 300}

// New returns metrics that start at zero.
func New() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "captcha_challenges_total",
			Help: "Challenges, by what was done (issued, spoken, worked, verified), the result, the way in which they were met, and their purpose."},
			[]string{"done", "result", "way", "purpose"}),
		verified: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "captcha_siteverify_total",
			Help: "Responses verified for the backends of other sites, by site and result."}, []string{"site", "result"}),
		levels: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "captcha_issued_under_pressure_total",
			Help: "Challenges issued, by level of pressure."}, []string{"level"}),
		answers: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "captcha_answer_seconds",
			Help: "Time from issue to answer, right or wrong.", Buckets: answerBuckets}),
		drawn: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "captcha_styles_issued_total",
			Help: "Challenges issued, by the style in which they are drawn."}, []string{"style"}),
		letters: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "captcha_letters_seconds",
			Help:    "Time from issue to typed letters, right or wrong, by the style in which they were drawn. A challenge accepts one answer.",
			Buckets: answerBuckets}, []string{"style", "result"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "storage_failures_total",
			Help: "Storage operations that failed."}, []string{"operation"}),
		storage: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "storage_duration_seconds",
			Help: "Time that storage operations took.", Buckets: []float64{.0001, .0005, .001, .005, .01, .05, .1, .5, 1}}, []string{"operation"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "http_requests_total",
			Help: "Requests answered, by the route's pattern."}, []string{"method", "route", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "http_request_duration_seconds",
			Help: "Time to answer a request.", Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5}}, []string{"route"}),
	}
	m.registry.MustRegister(m.events, m.verified, m.levels, m.answers, m.drawn, m.letters, m.failures, m.storage, m.requests, m.duration,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the metrics in Prometheus's format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Verified counts what another site's backend was told. It is siteverify.Config's Observe.
func (m *Metrics) Verified(_ context.Context, site, result string) {
	m.verified.WithLabelValues(site, result).Inc()
}

// Observe counts an event of the guard. It is captcha.Config's Observe.
func (m *Metrics) Observe(_ context.Context, e captcha.Event) {
	m.events.WithLabelValues(string(e.Kind), string(e.Reason), string(e.Way), e.Purpose).Inc()
	if e.Kind == captcha.Issued && e.Reason == captcha.OK {
		m.levels.WithLabelValues(strconv.Itoa(e.Level)).Inc()
	}
	if e.Kind == captcha.Verified && e.Age > 0 {
		m.answers.Observe(e.Age.Seconds())
	}
	m.observeStyle(e)
}

// observeStyle counts what shows how readable each style is. If the browser's work was the answer, nobody read the
// picture.
func (m *Metrics) observeStyle(e captcha.Event) {
	typed := e.Kind == captcha.Verified && (e.Way == captcha.Letters || e.Way == captcha.Both) && e.Age > 0
	switch {
	case e.Style == "":
	case e.Kind == captcha.Issued:
		m.drawn.WithLabelValues(e.Style).Inc()
	case typed && (e.Reason == captcha.OK || e.Reason == captcha.WrongAnswer):
		m.letters.WithLabelValues(e.Style, string(e.Reason)).Observe(e.Age.Seconds())
	}
}

// Pressure adds metrics of the pressure, as it is whenever the metrics are asked for.
func (m *Metrics) Pressure(p *pressure.Pressure) { m.registry.MustRegister(pressed{p}) }

type pressed struct{ pressure *pressure.Pressure }

var (
	alarm = prometheus.NewDesc("captcha_pressure_alarm", "How many networks are failing at once, as a level from 0 to 3.", nil, nil)
	fails = prometheus.NewDesc("captcha_pressure_failing_networks",
		"How many networks fail, each IPv4 /16 and IPv6 /32 as one at most. Right guesses count against it by half.", nil, nil)
	atLevel = prometheus.NewDesc("captcha_pressure_networks", "Networks of any width that have a record, by their level.", []string{"level"}, nil)
)

func (pressed) Describe(all chan<- *prometheus.Desc) { all <- alarm; all <- fails; all <- atLevel }

func (p pressed) Collect(all chan<- prometheus.Metric) {
	status := p.pressure.Status()
	all <- prometheus.MustNewConstMetric(alarm, prometheus.GaugeValue, float64(status.Alarm))
	all <- prometheus.MustNewConstMetric(fails, prometheus.GaugeValue, status.Failing)
	for level, networks := range status.Networks {
		all <- prometheus.MustNewConstMetric(atLevel, prometheus.GaugeValue, float64(networks), strconv.Itoa(level))
	}
}

// Request counts a request that was answered. It copies the method, which Fiber lends.
func (m *Metrics) Request(method, route string, status int, took time.Duration) {
	m.requests.WithLabelValues(strings.Clone(method), route, strconv.Itoa(status)).Inc()
	m.duration.WithLabelValues(route).Observe(took.Seconds())
}

// Storage is a storage that can be watched.
type Storage interface {
	fiber.Storage
	captcha.Adder
	captcha.Taker
	captcha.Counter
	Ping(ctx context.Context) error
}

// Watch returns s with its operations timed and its failures counted. If the storage tells how far its server's clock
// is ahead of this process's, a metric shows that too; if several storages do, it shows that of the first.
func (m *Metrics) Watch(s Storage) Storage {
	if clock, ok := s.(interface{ Skew() time.Duration }); ok {
		// Registering a second one fails, and the first stays.
		_ = m.registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "storage_clock_ahead_seconds",
			Help: "How far the storage's clock is ahead of this process's, when it was last read. Replicas' clocks may differ by 5 seconds."},
			func() float64 { return clock.Skew().Seconds() }))
	}
	return &watched{s, m}
}

type watched struct {
	Storage
	metrics *Metrics
}

func (w *watched) Get(key string) (value []byte, err error) {
	defer w.metrics.operation("get", time.Now(), &err)
	return w.Storage.Get(key)
}

func (w *watched) Set(key string, value []byte, ttl time.Duration) (err error) {
	defer w.metrics.operation("set", time.Now(), &err)
	return w.Storage.Set(key, value, ttl)
}

func (w *watched) Delete(key string) (err error) {
	defer w.metrics.operation("delete", time.Now(), &err)
	return w.Storage.Delete(key)
}

func (w *watched) Take(ctx context.Context, key string) (value []byte, err error) {
	defer w.metrics.operation("take", time.Now(), &err)
	return w.Storage.Take(ctx, key)
}

func (w *watched) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (added bool, err error) {
	defer w.metrics.operation("add", time.Now(), &err)
	return w.Storage.Add(ctx, key, value, ttl)
}

func (w *watched) Count(ctx context.Context, key string, ttl time.Duration) (n int64, err error) {
	defer w.metrics.operation("count", time.Now(), &err)
	return w.Storage.Count(ctx, key, ttl)
}

func (w *watched) Ping(ctx context.Context) (err error) {
	defer w.metrics.operation("ping", time.Now(), &err)
	return w.Storage.Ping(ctx)
}

func (m *Metrics) operation(name string, start time.Time, err *error) {
	m.storage.WithLabelValues(name).Observe(time.Since(start).Seconds())
	if *err != nil {
		m.failures.WithLabelValues(name).Inc()
	}
}
