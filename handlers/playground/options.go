package playground

import (
	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
	"github.com/fibercaptcha/fibercaptcha/handlers/settings"
)

// options are what a visitor can choose from.
type options struct {
	Styles, Noises, Filters, Scales []string
	Fonts                           []settings.Font
	Presets                         []preset
	MaxLetters, MaxSize             int
}

type preset struct{ Title, Query string }

var allOptions = options{
	Styles:  styleNames(),
	Noises:  append([]string{none}, picture.NoiseNames()...),
	Filters: append([]string{none}, picture.FilterNames()...),
	Scales:  []string{"1", "2", "3", "4"},
	Fonts:   settings.Fonts(),
	Presets: []preset{
		{"Sharp on high-resolution screens", ""},
		{"Default", "?scale=1"},
		{"Large, four to six letters", "?longest=6&width=200&height=70&scale=1"},
		{"Like django-rest-captcha", "?style=classic&scale=1"},
		{"On any background", "?colours=transparent&foreground=%23c2410c"},
	},
	MaxLetters: maxLetters,
	MaxSize:    picture.MaxSize,
}

func styleNames() (names []string) {
	for _, s := range picture.Styles() {
		names = append(names, s.String())
	}
	return names
}
