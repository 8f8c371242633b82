package settings

import (
	"image/color"
	"strings"

	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
)

// The settings of a picture's look that are given by name.

type colour struct{ color.Color }

func (c *colour) UnmarshalText(text []byte) (err error) {
	parsed, err := picture.ParseColor(string(text))
	c.Color = parsed
	return err
}

type styles []picture.Style

func (s *styles) UnmarshalText(text []byte) (err error) {
	*s, err = byName(text, picture.ParseStyle)
	return err
}

type noises []picture.Noise

func (n *noises) UnmarshalText(text []byte) (err error) {
	*n, err = byName(text, picture.ParseNoise)
	return err
}

type filters []picture.Filter

func (f *filters) UnmarshalText(text []byte) (err error) {
	*f, err = byName(text, picture.ParseFilter)
	return err
}

// byName parses names with commas between. For "none" the list is empty, not nil.
func byName[T any](text []byte, parse func(string) (T, error)) ([]T, error) {
	list := []T{}
	if string(text) == "none" {
		return list, nil
	}
	for name := range strings.SplitSeq(string(text), ",") {
		value, err := parse(strings.TrimSpace(name))
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	return list, nil
}
