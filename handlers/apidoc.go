package handlers

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/handlers/web"
)

type apiPage struct {
	Title     string
	Base      string             // what the curl lines start with: http://localhost:3000
	Challenge *captcha.Challenge // nil if none could be made
	Notice    string
	Fields    apiFields
	Curl      curlLines
	Refusals  []apiRefusal
}

// apiFields are the names under which the guard sends and reads, and how long an answer may be.
type apiFields struct {
	Key      string
	Pictures []string // one or two, of the same picture
	Longest  int      // letters in an answer
}

func (s *site) apiFields() apiFields {
	fields := apiFields{cmp.Or(s.KeyField, captcha.ConfigDefault.Compat.KeyField), []string{"captcha_image", "captcha_value"}, s.Guard.MaxLength()}
	if s.ImageField != "" {
		fields.Pictures = []string{s.ImageField}
	}
	return fields
}

// describe puts the names and the length into the API's description, which has the default ones.
func (f apiFields) describe(openAPI []byte) []byte {
	longest := strconv.Itoa(f.Longest)
	return []byte(strings.NewReplacer(
		"captcha_key", f.Key, "captcha_image", f.Pictures[0],
		"maxLength: 8,", "maxLength: "+longest+",", "no more than 8 characters", "no more than "+longest+" characters",
	).Replace(string(openAPI)))
}

// curlLines are those of each step, for a POSIX shell without further tools.
type curlLines struct{ Ask, Show, Play, Send, Work, Refuse string }

// apiRefusal is a row of the wire contract.
type apiRefusal struct {
	Case   string
	Status int
	Body   string
	Spent  bool // whether the challenge is used up
}

func (f apiFields) refusals() []apiRefusal {
	return []apiRefusal{
		{"A field is absent", 400, `{"captcha_value":["This field is required."]}`, false},
		{"A field is null", 400, `{"captcha_value":["This field may not be null."]}`, false},
		{"A field is given twice", 400, `{"captcha_value":["This field may be given only once."]}`, false},
		{"A field is blank", 400, `{"captcha_value":["This field may not be blank."]}`, false},
		{"A field is not a string", 400, `{"captcha_value":["Not a valid string."]}`, false},
		{"The answer is too long", 400, fmt.Sprintf(`{"captcha_value":["Ensure this field has no more than %d characters."]}`, f.Longest), false},
		{"One of the form's own fields is wrong", 400, `{"email":["Enter a valid email address."]}`, false},
		{"The key is unknown, used or expired", 400, `{"non_field_errors":["Invalid or expired captcha key"]}`, false},
		{"The receipt is unknown, used or expired", 400, `{"non_field_errors":["Invalid or expired captcha key"]}`, false},
		{"The answer is wrong", 400, `{"non_field_errors":["Invalid captcha value"]}`, true},
		{"The work is wrong", 400, `{"non_field_errors":["Invalid captcha value"]}`, true},
		{"ALTCHA's field can't be read", 400, `{"altcha":["Not a valid string."]}`, false},
		{"The work can't be read", 400, `{"captcha_work":["Not a valid string."]}`, false},
		{"The body is not JSON", 400, `{"detail":"JSON parse error - the body ends before the value does"}`, false},
		{"The method is not accepted", 405, `{"detail":"Method \"GET\" not allowed."}`, false},
		{"The body is too large", 413, `{"detail":"` + web.Sentence(fiber.StatusRequestEntityTooLarge) + `"}`, false},
		{"The media type is not accepted", 415, `{"detail":"Unsupported media type \"text/plain\" in request."}`, false},
		{"Too many requests", 429, `{"detail":"Request was throttled. Expected available in 1 seconds."}`, false},
		{"The storage can't be reached", 503, `{"detail":"The captcha can't be checked at the moment. Try again in a few seconds."}`, false},
	}
}

func (s *site) apiShow(c *fiber.Ctx) error {
	page := apiPage{Title: "API", Base: shellSafe(c.Protocol() + "://" + string(c.Request().Host())), Fields: s.apiFields()}
	page.Curl, page.Refusals = newCurlLines(page.Base, page.Fields), page.Fields.refusals()
	status := fiber.StatusOK
	var err error
	if page.Challenge, err = s.Guard.Issue(c); err != nil {
		status, page.Notice = web.Explain(err)
		web.Logger(c).Error("the API page is shown without a challenge", "error", err)
	}
	return web.Page(c, status, "api", page)
}

func (s *site) openAPI(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentType, "application/yaml")
	c.Set(fiber.HeaderCacheControl, "no-cache")
	return c.Send(s.description)
}

// plainURL is one that can stand between single quotes in a shell.
var plainURL = regexp.MustCompile(`^https?://[A-Za-z0-9.:\[\]-]+$`)

// shellSafe returns the site's own address as the request has it, but never what a shell could take for a command: the
// request's sender chooses its Host.
func shellSafe(base string) string {
	if !plainURL.MatchString(base) {
		return "http://localhost:3000"
	}
	return strings.Clone(base)
}

func newCurlLines(base string, fields apiFields) curlLines {
	field := func(name string) string { return fmt.Sprintf(`sed 's/.*"%s":"\([^"]*\)".*/\1/' challenge.json`, name) }
	return curlLines{
		Ask:  fmt.Sprintf("curl -sS -X POST '%s/api/captcha/' | tee challenge.json\n", base),
		Show: field(fields.Pictures[0]) + " | base64 -d > challenge.png\n",
		Play: fmt.Sprintf("KEY=$(%s)\ncurl -sS \"%s/api/captcha/$KEY/audio.wav\" -o challenge.wav\n", field(fields.Key), base),
		Send: fmt.Sprintf(`KEY=$(%s)
ANSWER=XXXX
curl -sS -i '%s/api/contact' -H 'Content-Type: application/json' -d '{
  "name": "Ada", "email": "ada@example.org", "message": "Hello",
  "%s": "'"$KEY"'", "captcha_value": "'"$ANSWER"'"
}'
`, field(fields.Key), base, fields.Key),
		Work: fmt.Sprintf(`KEY=$(%s)
curl -sS "%s/api/captcha/$KEY/work"
curl -sS -i '%s/api/contact' -d 'name=Ada&email=ada@example.org&message=Hello' \
  -d "$(go run ./tests/tools/solve -url '%s/api/captcha/' -key '%s')"
`, field(fields.Key), base, base, base, fields.Key),
		Refuse: fmt.Sprintf("curl -sS -i '%s/api/contact' -H 'Content-Type: application/json' -d '{\"name\": \"Ada\"}'\n", base),
	}
}
