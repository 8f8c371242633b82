package settings

import (
	"errors"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/limit"
	"github.com/fibercaptcha/fibercaptcha/handlers/web"
)

// Operation holds the settings for running the site.
type Operation struct {
	MetricsAddr    metricsAddr        `env:"METRICS_ADDR"` // a listener of its own for /metrics
	TrustedProxies web.Proxies        `env:"TRUSTED_PROXIES"`
	Connections    web.MaxConnections `env:"LIMIT_CONNECTIONS" envDefault:"128"`
	LimitKept      keptRate           `env:"LIMIT_KEPT" envDefault:"20/day"`
	LimitIssue     limit.Rate         `env:"LIMIT_ISSUE" envDefault:"120/min"`
	LimitSubmit    limit.Rate         `env:"LIMIT_SUBMIT" envDefault:"60/min"`
	LimitAudio     limit.Rate         `env:"LIMIT_AUDIO" envDefault:"60/min"`
	LimitLogin     limit.Rate         `env:"LIMIT_LOGIN" envDefault:"10/min"`
	LogFormat      logFormat          `env:"LOG_FORMAT" envDefault:"text"`
	LogLevel       logLevel           `env:"LOG_LEVEL" envDefault:"info"`
	StorageTimeout timeout            `env:"STORAGE_TIMEOUT" envDefault:"800ms"`
	StopDelay      stopDelay          `env:"STOP_DELAY" envDefault:"1s"`
}

// timeout is how long one operation of the storage may take. Handling a form can take two operations before it is clear
// that the storage is down, and the visitor should be told so within two seconds.
type timeout time.Duration

func (d *timeout) UnmarshalText(text []byte) error {
	limit, err := time.ParseDuration(string(text))
	if err != nil || limit < time.Millisecond || limit > time.Minute {
		return errors.New("must be a time from 1ms to 1m, as in 500ms")
	}
	*d = timeout(limit)
	return nil
}

// stopDelay is how long a process that was told to end goes on serving while it answers /readyz with 503. That lets a
// balancer stop sending requests before the process stops accepting them.
type stopDelay time.Duration

func (d *stopDelay) UnmarshalText(text []byte) error {
	delay, err := time.ParseDuration(string(text))
	if err != nil || delay < 0 || delay > time.Minute {
		return errors.New("must be a time from 0s to 1m, as in 3s")
	}
	*d = stopDelay(delay)
	return nil
}

// metricsAddr is the address where the metrics are served. They tell more about a site than strangers should know, and
// can cost more than a page, so the default is an address that only this machine can reach.
type metricsAddr struct {
	Addr  string // empty: nowhere
	Given bool   // whether somebody chose it
}

const defaultMetricsAddr = "127.0.0.1:9464" // the port that OpenTelemetry's exporters for Prometheus have

func (a *metricsAddr) UnmarshalText(text []byte) error {
	*a = metricsAddr{Given: true}
	if string(text) == "none" {
		return nil
	}
	var addr listenAddr
	if err := addr.UnmarshalText(text); err != nil {
		return errors.New("must be host:port, as in " + defaultMetricsAddr + ", or none")
	}
	a.Addr = string(addr)
	return nil
}

// Metrics returns the address for the metrics, and whether the site can do without them if that address is taken: it
// can if nobody chose the address.
func (o Operation) Metrics() (addr string, optional bool) {
	if !o.MetricsAddr.Given {
		return defaultMetricsAddr, true
	}
	return o.MetricsAddr.Addr, false
}

// keptRate is how many messages, and how many accounts, one network may leave.
type keptRate limit.Rate

func (r *keptRate) UnmarshalText(text []byte) error {
	if (*limit.Rate)(r).UnmarshalText(text) != nil {
		return errors.New("must be the number of messages, and of accounts, that one network may leave in a second, min, hour or day, as in 20/day, or none")
	}
	return nil
}
