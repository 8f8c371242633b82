package handlers

import (
	"errors"
	"time"
)

// Operation are the settings of whoever runs the site.
type Operation struct {
	MetricsAddr    string    `env:"METRICS_ADDR"` // a listener of its own for /metrics; default ADDR
	TrustedProxies Proxies   `env:"TRUSTED_PROXIES"`
	LimitIssue     Rate      `env:"LIMIT_ISSUE" envDefault:"120/min"`
	LimitSubmit    Rate      `env:"LIMIT_SUBMIT" envDefault:"60/min"`
	LimitAudio     Rate      `env:"LIMIT_AUDIO" envDefault:"60/min"`
	LimitLogin     Rate      `env:"LIMIT_LOGIN" envDefault:"10/min"`
	LogFormat      LogFormat `env:"LOG_FORMAT" envDefault:"text"`
	LogLevel       LogLevel  `env:"LOG_LEVEL" envDefault:"info"`
	StopDelay      stopDelay `env:"STOP_DELAY" envDefault:"1s"`
}

// Limits are the limits by client address.
func (o Operation) Limits() Limits {
	return Limits{Issue: o.LimitIssue, Submit: o.LimitSubmit, Audio: o.LimitAudio, Login: o.LimitLogin}
}

// stopDelay is how long a process that was told to end goes on serving and answers /readyz with 503, so that a balancer
// stops sending it requests before it stops taking them.
type stopDelay time.Duration

func (d *stopDelay) UnmarshalText(text []byte) error {
	delay, err := time.ParseDuration(string(text))
	if err != nil || delay < 0 || delay > time.Minute {
		return errors.New("accepted is a time from 0s to 1m, as in 3s")
	}
	*d = stopDelay(delay)
	return nil
}
