package handlers

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// Operation are the settings of whoever runs the site.
type Operation struct {
	MetricsAddr    listenAddr `env:"METRICS_ADDR"` // a listener of its own for /metrics; default ADDR
	TrustedProxies Proxies    `env:"TRUSTED_PROXIES"`
	LimitIssue     Rate       `env:"LIMIT_ISSUE" envDefault:"120/min"`
	LimitSubmit    Rate       `env:"LIMIT_SUBMIT" envDefault:"60/min"`
	LimitAudio     Rate       `env:"LIMIT_AUDIO" envDefault:"60/min"`
	LimitLogin     Rate       `env:"LIMIT_LOGIN" envDefault:"10/min"`
	LogFormat      LogFormat  `env:"LOG_FORMAT" envDefault:"text"`
	LogLevel       LogLevel   `env:"LOG_LEVEL" envDefault:"info"`
	StorageTimeout timeout    `env:"STORAGE_TIMEOUT" envDefault:"800ms"`
	StopDelay      stopDelay  `env:"STOP_DELAY" envDefault:"1s"`
}

// Limits are the limits by client address.
func (o Operation) Limits() Limits {
	return Limits{Issue: o.LimitIssue, Submit: o.LimitSubmit, Audio: o.LimitAudio, Login: o.LimitLogin}
}

// timeout is how long one operation of the storage may take. A form that was sent can need two until it is known that the
// storage is away, and its visitor should be told so within two seconds.
type timeout time.Duration

func (d *timeout) UnmarshalText(text []byte) error {
	limit, err := time.ParseDuration(string(text))
	if err != nil || limit < time.Millisecond || limit > time.Minute {
		return errors.New("accepted is a time from 1ms to 1m, as in 500ms")
	}
	*d = timeout(limit)
	return nil
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

// inFiles are the variables whose values may be secret. With _FILE behind its name each can be the path of a file that
// holds the value, which is how Docker and Kubernetes hand out secrets.
var inFiles = []string{"STORAGE_URL", "CAPTCHA_CACHE", "CAPTCHA_SECRETS", "MASTER_CAPTCHA"}

// readFiles sets those variables of environment that are in files.
func readFiles(environment map[string]string) error {
	for _, name := range inFiles {
		path := environment[name+"_FILE"]
		if path == "" {
			continue
		}
		if environment[name] != "" {
			return fmt.Errorf("%s and %s_FILE are both set; accepted is one of them", name, name)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("%s_FILE=%q: accepted is the path of a file that holds %s: %w", name, path, name, err)
		}
		environment[name] = strings.TrimSpace(string(text))
	}
	return nil
}
