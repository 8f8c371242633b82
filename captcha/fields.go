package captcha

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
)

// Read returns the key and the value of a submission, trimmed, from its JSON, urlencoded or multipart body. It checks
// their shape as Verify does and uses nothing up, so that a form can report its own fields' errors together with these.
// The error is FieldErrors or *BodyError, and Config.Observe is told of it.
func (g *Guard) Read(c *fiber.Ctx) (key, value string, err error) {
	key, value, err = g.read(c)
	if err != nil {
		g.cfg.Observe(Event{Kind: Verified, Err: err})
	}
	return key, value, err
}

func (g *Guard) read(c *fiber.Ctx) (key, value string, err error) {
	fields, err := bodyFields(c, g.cfg.KeyField, valueField)
	if err != nil {
		return "", "", err
	}
	errs := FieldErrors{}
	key = fields.text(errs, g.cfg.KeyField, keyLimit)
	value = fields.text(errs, valueField, g.cfg.valueLimit())
	if len(errs) > 0 {
		return "", "", errs
	}
	return key, value, nil
}

// Fields returns the named fields of a request's JSON, urlencoded or multipart body, read as Protect reads the captcha's:
// the names count to the letter, and each field is one text. An app that reads its own fields with it refuses what the
// guard refuses. Fields that are absent are not in the map, nor are those in the error, which is FieldErrors where a field
// is null, not a text or given twice, or *BodyError.
func Fields(c *fiber.Ctx, names ...string) (map[string]string, error) {
	found, err := bodyFields(c, names...)
	if err != nil {
		return nil, err
	}
	texts, errs := make(map[string]string), FieldErrors{}
	for name, field := range found {
		if field.wrong != "" {
			errs.add(name, field.wrong)
		} else {
			texts[name] = field.text
		}
	}
	if len(errs) > 0 {
		return texts, errs
	}
	return texts, nil
}

// field is one field as it came in a body.
type field struct {
	text  string
	wrong string // what is wrong with it, if it is not one text
}

type fields map[string]field

func (f fields) text(errs FieldErrors, name string, limit int) string {
	got, ok := f[name]
	text := strings.TrimSpace(got.text)
	switch {
	case !ok:
		errs.add(name, msgRequired)
	case got.wrong != "":
		errs.add(name, got.wrong)
	default:
		checkField(errs, name, text, limit)
	}
	return text
}

// set notes a field, and whether it was there before.
func (f fields) set(name, text, wrong string) {
	if _, ok := f[name]; ok {
		wrong = msgTwice
	}
	f[name] = field{text, wrong}
}

// bodyFields reads the named fields of a body.
func bodyFields(c *fiber.Ctx, names ...string) (fields, error) {
	// What is compressed could unpack to more than the app's limit.
	if encoding := c.Get(fiber.HeaderContentEncoding); encoding != "" && encoding != "identity" {
		return nil, &BodyError{fiber.StatusUnsupportedMediaType, fmt.Sprintf("Unsupported content encoding %q in request.", encoding)}
	}
	header := c.Get(fiber.HeaderContentType)
	media, _, err := mime.ParseMediaType(header)
	switch {
	case header == "" && len(c.Request().Body()) == 0:
		return fields{}, nil
	case err != nil:
	case media == fiber.MIMEApplicationJSON:
		return jsonFields(c.Request().Body(), names)
	case media == fiber.MIMEApplicationForm:
		return formFields(c, names), nil
	case media == fiber.MIMEMultipartForm:
		return multipartFields(c, names)
	}
	return nil, &BodyError{fiber.StatusUnsupportedMediaType, fmt.Sprintf("Unsupported media type %q in request.", header)}
}

func formFields(c *fiber.Ctx, names []string) fields {
	found := fields{}
	for _, name := range names {
		for _, text := range c.Request().PostArgs().PeekMulti(name) {
			found.set(name, string(text), "") // a copy, where Fiber lends
		}
	}
	return found
}

func multipartFields(c *fiber.Ctx, names []string) (fields, error) {
	form, err := c.MultipartForm()
	if err != nil {
		return nil, &BodyError{fiber.StatusBadRequest, "Multipart form parse error - " + err.Error()}
	}
	found := fields{}
	for _, name := range names {
		for _, text := range form.Value[name] {
			found.set(name, text, "")
		}
		if len(form.File[name]) > 0 {
			found.set(name, "", msgNotString)
		}
	}
	return found, nil
}

func jsonFields(body []byte, names []string) (fields, error) {
	found := fields{}
	if len(body) == 0 {
		return nil, jsonError(errors.New("the body is empty"))
	}
	if !utf8.Valid(body) {
		return nil, jsonError(errors.New("the body is not UTF-8"))
	}
	// Token by token, for encoding/json keeps the last of several fields with one name and is silent about the others.
	decoder := json.NewDecoder(bytes.NewReader(body))
	start, err := decoder.Token()
	if err != nil {
		return nil, jsonError(err)
	}
	if start != json.Delim('{') {
		if !json.Valid(body) {
			return nil, jsonError(errors.New("the body is not one JSON value"))
		}
		return nil, nonField("Invalid data. Expected a dictionary, but got " + jsonType(body) + ".")
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, jsonError(err)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, jsonError(err)
		}
		for _, wanted := range names {
			if name == wanted {
				text, wrong := jsonText(value)
				found.set(wanted, text, wrong)
			}
		}
	}
	if _, err := decoder.Token(); err != nil {
		return nil, jsonError(err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, jsonError(errors.New("there is more after the object"))
	}
	return found, nil
}

func jsonText(value json.RawMessage) (text, wrong string) {
	switch {
	case string(value) == "null":
		return "", msgNull
	case json.Unmarshal(value, &text) != nil:
		return "", msgNotString
	}
	return text, ""
}

// jsonType names a JSON value's type as Python does, which is what the original's clients were told.
func jsonType(body []byte) string {
	switch body := bytes.TrimLeft(body, " \t\r\n"); body[0] {
	case '[':
		return "list"
	case '"':
		return "str"
	case 't', 'f':
		return "bool"
	case 'n':
		return "NoneType"
	default:
		if bytes.ContainsAny(body, ".eE") {
			return "float"
		}
		return "int"
	}
}

func jsonError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the body ends before the value does")
	}
	return &BodyError{fiber.StatusBadRequest, "JSON parse error - " + err.Error()}
}
