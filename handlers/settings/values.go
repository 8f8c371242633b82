package settings

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
)

// The types of single settings. The error of each says how it has to be written. A zero that the captcha would take for
// "not set" is refused here, because somebody did set it.

type listenAddr string

func (a *listenAddr) UnmarshalText(text []byte) error {
	_, port, err := net.SplitHostPort(string(text))
	if number, bad := strconv.Atoi(port); err != nil || bad != nil || number < 0 || number > 65535 {
		return errors.New("must be host:port, as in 127.0.0.1:3000, or :3000 for every address of this machine")
	}
	*a = listenAddr(text)
	return nil
}

type truth bool

func (t *truth) UnmarshalText(text []byte) error {
	value, err := strconv.ParseBool(string(text))
	if err != nil {
		return errors.New("must be true or false")
	}
	*t = truth(value)
	return nil
}

// keyField is the name of the captcha's key in a form. It must not be a name that the site's own forms use.
type keyField fieldName

func (n *keyField) UnmarshalText(text []byte) error {
	switch string(text) {
	case "name", "email", "message", "password", "shown":
		return errors.New("must be another name, as in captcha_key: the site's own forms have a field of this name")
	}
	return (*fieldName)(n).UnmarshalText(text)
}

// fieldName is a name that is safe in the shell commands on the API's page.
type fieldName string

func (n *fieldName) UnmarshalText(text []byte) error {
	for _, b := range text {
		if b != '_' && b != '-' && (b < '0' || b > '9') && (b|0x20 < 'a' || b|0x20 > 'z') {
			return errors.New("must be a name of letters, digits, _ and -, as in captcha_key")
		}
	}
	*n = fieldName(text)
	return nil
}

type masters map[string]string

func (m *masters) UnmarshalText(text []byte) error {
	*m = make(masters)
	for pair := range strings.SplitSeq(string(text), ",") {
		key, answer, ok := strings.Cut(strings.TrimSpace(pair), ":")
		if !ok || key == "" || answer == "" {
			return errors.New("must be key:answer, or several with commas between")
		}
		(*m)[key] = answer
	}
	return nil
}

type whole int

func (w *whole) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 {
		return errors.New("must be a whole number above zero")
	}
	*w = whole(n)
	return nil
}

// seconds is a number of seconds, as the demo's own settings have it.
type seconds int

func (s *seconds) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 || n > 86400 {
		return errors.New("must be a whole number of seconds from 1 to 86400")
	}
	*s = seconds(n)
	return nil
}

type lengths struct{ least, most int }

func (l *lengths) UnmarshalText(text []byte) error {
	from, to, isRange := strings.Cut(string(text), "-")
	if !isRange {
		to = from
	}
	least, err1 := strconv.Atoi(from)
	most, err2 := strconv.Atoi(to)
	if err1 != nil || err2 != nil || least < 1 || most < 1 {
		return errors.New("must be a number of letters, as in 4, or a range, as in 4-6")
	}
	*l = lengths{least, most}
	return nil
}

type fontFiles [][]byte

func (f *fontFiles) UnmarshalText(text []byte) error {
	for path := range strings.SplitSeq(string(text), ",") {
		path = strings.TrimSpace(path)
		if font, ok := FontNamed(path); ok {
			*f = append(*f, font.File)
			continue
		}
		file, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("must be the path of a TrueType or OpenType file, one of %s, or several with commas between: %w",
				strings.Join(FontNames(), ", "), err)
		}
		*f = append(*f, file)
	}
	return nil
}

type fontSize float64

func (f *fontSize) UnmarshalText(text []byte) error {
	x, err := strconv.ParseFloat(string(text), 64)
	if err != nil || x == 0 {
		return errors.New("must be a number of pixels, as in 22 or 24.5")
	}
	*f = fontSize(x)
	return nil
}

type size struct{ width, height int }

func (s *size) UnmarshalText(text []byte) error {
	width, height, ok := strings.Cut(string(text), "x")
	w, err1 := Pixels(width)
	h, err2 := Pixels(height)
	if !ok || err1 != nil || err2 != nil {
		return errors.New("must be width x height in pixels, as in 90x40; 0 means as much as the text needs")
	}
	*s = size{w, h}
	return nil
}

// Pixels reads the length of a picture's side; 0 means as much as the text needs.
func Pixels(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	if n == 0 {
		return picture.Fit, err
	}
	return int(n), err
}

type rotation struct {
	least, most float64
	none        bool
}

func (r *rotation) UnmarshalText(text []byte) error {
	if string(text) == "none" {
		*r = rotation{none: true}
		return nil
	}
	from, to, ok := strings.Cut(string(text), ",")
	least, err1 := strconv.ParseFloat(strings.TrimSpace(from), 64)
	most, err2 := strconv.ParseFloat(strings.TrimSpace(to), 64)
	if !ok || err1 != nil || err2 != nil {
		return errors.New("must be the least and the greatest angle in degrees, as in -35,35, or none")
	}
	*r = rotation{least, most, least == 0 && most == 0}
	return nil
}

type secrets []string

func (s *secrets) UnmarshalText(text []byte) error {
	for secret := range strings.SplitSeq(string(text), ",") {
		*s = append(*s, strings.TrimSpace(secret))
	}
	return nil
}
