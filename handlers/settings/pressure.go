package settings

import (
	"errors"
	"net/netip"
	"slices"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/pressure"
)

// steps are those of package pressure, without work and letters together: the site's forms work without script
// wherever they are sent from.
var steps = []captcha.Step{{Letters: 2, Work: 1}, {Letters: 4, Work: 2}, {Letters: 6, Work: 3}}

// Pressure returns what asks more where guesses fail, or nil where that is off.
func (s Settings) Pressure() *pressure.Pressure {
	if s.PressureLevel.off {
		return nil
	}
	cfg := pressure.Config{Steps: steps, Fixed: s.PressureLevel.fixed}
	if exempt := s.PressureExempt; exempt != nil {
		cfg.Exempt = func(client netip.Addr) bool {
			return slices.ContainsFunc(exempt, func(network netip.Prefix) bool { return network.Contains(client) })
		}
	}
	return pressure.New(cfg)
}

// pressureLevel is at which level clients are.
type pressureLevel struct {
	off   bool
	fixed int // 0 is that it follows what happens
}

func (l *pressureLevel) UnmarshalText(text []byte) error {
	levels := map[string]pressureLevel{
		"auto": {}, "off": {off: true}, "0": {fixed: pressure.Calm}, "1": {fixed: 1}, "2": {fixed: 2}, "3": {fixed: 3},
	}
	level, ok := levels[string(text)]
	if !ok {
		return errors.New("must be auto, off, or a level from 0 to 3 for everybody")
	}
	*l = level
	return nil
}
