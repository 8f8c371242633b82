package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/siteverify"
)

// sites are the sites whose backends verify here. Each has several properties, so they are written as JSON, which every
// backend can write.
type sites []site

type site struct {
	siteverify.Site
	Demand demand `json:"demand"` // what is demanded of the site's visitors; the default is the demo's demand
}

type demand captcha.Demand

func (d *demand) UnmarshalText(text []byte) error {
	known, ok := map[string]captcha.Demand{
		"letters": captcha.LettersOnly, "work": captcha.LettersOrWork, "both": captcha.LettersAndWork,
	}[string(text)]
	if !ok {
		return errors.New("not one of the demands")
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

// List returns the sites as package siteverify needs them.
func (s sites) List() (list []siteverify.Site) {
	for _, one := range s {
		list = append(list, one.Site)
	}
	return list
}

// Demand returns what the site demands whose challenges have this purpose, or zero if it is no site's.
func (s sites) Demand(purpose string) captcha.Demand {
	for _, one := range s {
		if one.Demand != 0 && one.Has(purpose) {
			return captcha.Demand(one.Demand)
		}
	}
	return 0
}
