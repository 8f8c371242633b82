package handlers

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/fibercaptcha/fibercaptcha/captcha"
)

// Metrics counts what the site does, for Prometheus.
type Metrics struct {
	registry *prometheus.Registry

	events   *prometheus.CounterVec
	answers  prometheus.Histogram
	live     *live
	failures *prometheus.CounterVec
	storage  *prometheus.HistogramVec
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

// NewMetrics returns metrics for challenges that live as long as expiration.
func NewMetrics(expiration time.Duration) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "captcha_challenges_total",
			Help: "Challenges by what was done (issued, spoken, verified) and how it went."}, []string{"done", "result"}),
		answers: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "captcha_answer_seconds",
			Help: "Time from issue to answer, right or wrong.", Buckets: []float64{1, 2, 3, 5, 8, 12, 20, 30, 60, 120, 300}}),
		live: newLive(expiration, time.Now),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "storage_failures_total",
			Help: "Storage operations that failed."}, []string{"operation"}),
		storage: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "storage_duration_seconds",
			Help: "Time that storage operations took.", Buckets: []float64{.0001, .0005, .001, .005, .01, .05, .1, .5, 1}}, []string{"operation"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "http_requests_total",
			Help: "Requests answered, by the route's pattern."}, []string{"method", "route", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "http_request_duration_seconds",
			Help: "Time to answer a request.", Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5}}, []string{"route"}),
	}
	m.registry.MustRegister(m.events, m.answers, m.failures, m.storage, m.requests, m.duration,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "captcha_challenges_live",
			Help: "Challenges issued by this process that could still be answered, less those that it saw answered. " +
				"Replicas answer each other's: the sum over all of them is the number of live challenges."}, m.live.count),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the metrics in Prometheus's format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Observe counts an event of the guard: it is for captcha.Config.
func (m *Metrics) Observe(e captcha.Event) {
	m.events.WithLabelValues(string(e.Kind), e.Reason()).Inc()
	switch {
	case e.Kind == captcha.Issued && e.Err == nil:
		m.live.add(0, 1)
	case e.Kind == captcha.Verified && e.Age > 0:
		m.answers.Observe(e.Age.Seconds())
		m.live.add(e.Age, -1)
	}
}

// request copies the method, which Fiber lends.
func (m *Metrics) request(method, route string, status int, took time.Duration) {
	m.requests.WithLabelValues(strings.Clone(method), route, strconv.Itoa(status)).Inc()
	m.duration.WithLabelValues(route).Observe(took.Seconds())
}

// live counts challenges by the second of their issue, so that they leave the count when they expire. Where a challenge is
// kept does not matter to it.
type live struct {
	now func() time.Time

	mu     sync.Mutex
	counts []int64 // by the second, in a ring
	last   int64   // the newest second in the ring
}

func newLive(expiration time.Duration, now func() time.Time) *live {
	return &live{now: now, counts: make([]int64, max(1, int(expiration/time.Second)))}
}

// add counts challenges that were issued age ago.
func (l *live) add(age time.Duration, n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.turn()
	if second := now.Add(-age).Unix(); second > l.last-int64(len(l.counts)) && second <= l.last {
		l.counts[second%int64(len(l.counts))] += n
	}
}

func (l *live) count() float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turn()
	sum := int64(0)
	for _, n := range l.counts {
		sum += n
	}
	return float64(sum)
}

// turn empties the seconds of the ring that have passed.
func (l *live) turn() time.Time {
	now := l.now()
	size := int64(len(l.counts))
	for second := max(l.last+1, now.Unix()-size+1); second <= now.Unix(); second++ {
		l.counts[second%size] = 0
	}
	l.last = max(l.last, now.Unix())
	return now
}

// Watch returns s with its operations timed and its failures counted.
func (m *Metrics) Watch(s Storage) Storage { return &watched{s, m} }

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
