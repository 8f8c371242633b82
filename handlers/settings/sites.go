package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/fibercaptcha/fibercaptcha/captcha/siteverify"
)

// sites are those whose backends verify here. It is a list of several things each, which JSON can say and everybody's backend
// can write.
type sites []siteverify.Site

func (s *sites) UnmarshalText(text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var list []siteverify.Site
	err := decoder.Decode(&list)
	if _, more := decoder.Token(); err != nil || more != io.EOF || len(list) == 0 { // the parser's words could show a secret
		return errors.New(`accepted is a JSON list of sites, as in [{"key": "shop", "secrets": ["..."], "origins": ["https://shop.example"]}]`)
	}
	*s = list
	return nil
}
