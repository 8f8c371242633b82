package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/siteverify"
)

// sites are those whose backends verify here. It is a list of several things each, which JSON can say and everybody's
// backend can write.
type sites []site

type site struct {
	siteverify.Site
	Demand demand `json:"demand"` // of the site's visitors; the default is the demo's
}

type demand captcha.Demand

func (d *demand) UnmarshalText(text []byte) error {
	known, ok := map[string]captcha.Demand{
		"letters": captcha.LettersOnly, "work": captcha.LettersOrWork, "both": captcha.LettersAndWork,
	}[string(text)]
	if !ok {
		return errors.New("no demand")
	}
	*d = demand(known)
	return nil
}

func (s *sites) UnmarshalText(text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var list []site
	err := decoder.Decode(&list)
	if _, more := decoder.Token(); err != nil || more != io.EOF || len(list) == 0 { // the parser's words could show a secret
		return errors.New(`must be a JSON list of sites, as in [{"key": "shop", "secrets": ["..."], "origins": ["https://shop.example"]}], ` +
			`where "demand" may be "letters", "work", which letters can replace, or "both"`)
	}
	*s = list
	return nil
}

// List returns the sites as their server takes them.
func (s sites) List() (list []siteverify.Site) {
	for _, one := range s {
		list = append(list, one.Site)
	}
	return list
}

// Demand is what a site demands whose challenges have a purpose, or zero.
func (s sites) Demand(purpose string) captcha.Demand {
	for _, one := range s {
		if one.Demand != 0 && one.Has(purpose) {
			return captcha.Demand(one.Demand)
		}
	}
	return 0
}
