package settings

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

// NewGuard returns the guard of a config, or an error that names the variables.
func NewGuard(config captcha.Config) (guard *captcha.Guard, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			refused, ok := problem.(error)
			if !ok {
				refused = fmt.Errorf("%v", problem)
			}
			err = Refused(refused)
		}
	}()
	return captcha.New(config), nil
}

// plainRefusal is how the captcha's packages refuse a setting in words alone: "captcha: Length 40 is not from 1 to 32",
// or, of a picture, "setting Width is 0; accepted: 1 to 1000".
var plainRefusal = regexp.MustCompile(`^(?:captcha: )?(?:picture: )?(setting )?([A-Z]\w+(?:\[\d+\])?)[ :]`)

// inOwnWords is what stands before the sentence.
var inOwnWords = regexp.MustCompile(`^(?:captcha: |picture: |setting )*`)

// asRefusals makes refusals of an error that has words alone, a line for each.
func asRefusals(err error) (list []*setting.Error) {
	for line := range strings.Lines(err.Error()) {
		line = strings.TrimSpace(line)
		refused := &setting.Error{Accepted: inOwnWords.ReplaceAllString(line, "")}
		switch parts := plainRefusal.FindStringSubmatch(line); {
		case strings.HasPrefix(line, "captcha: an answer of "):
			refused.Field = "MaxLength"
		case parts == nil:
			continue
		case parts[1] != "":
			refused.Field = "Picture." + parts[2]
		case parts[2] == "InsecureMasterAnswers":
			refused.Field = parts[2]
			refused.Accepted = "keys of up to 64 characters, and answers of up to 8, or as many as CAPTCHA_LENGTH allows"
		default:
			refused.Field = parts[2]
		}
		list = append(list, refused)
	}
	return list
}
