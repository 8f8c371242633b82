package settings

import (
	"errors"
	"io"
	"log/slog"
)

type logFormat string

func (f *logFormat) UnmarshalText(text []byte) error {
	if *f = logFormat(text); *f != "text" && *f != "json" {
		return errors.New("must be text or json")
	}
	return nil
}

// logLevel is the least level that is logged.
type logLevel struct{ slog.Level }

// UnmarshalText says what is accepted, which slog does not.
func (l *logLevel) UnmarshalText(text []byte) error {
	if err := l.Level.UnmarshalText(text); err != nil {
		return errors.New("must be debug, info, warn or error")
	}
	return nil
}

// NewLogger returns the logger that the settings describe.
func (s Settings) NewLogger(w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: s.LogLevel.Level}
	if s.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
