package captcha

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/valyala/fasthttp"
)

// field is one field as it came in a body.
type field struct {
	text  string
	wrong *FieldError // what is wrong with it, if it is not one text
}

// fields are the fields that were asked for and that a body has, by name.
type fields map[string]field

// set notes a field. One that was there before is noted as given twice.
func (f fields) set(name, text string, wrong *FieldError) {
	if _, ok := f[name]; ok {
		wrong = &errRepeated
	}
	f[name] = field{text, wrong}
}

// need returns a field's text, or notes in errs that it is absent or not one text.
func (f fields) need(errs FieldErrors, name string) string {
	got, ok := f[name]
	switch {
	case !ok:
		errs.add(name, errRequired)
	case got.wrong != nil:
		errs.add(name, *got.wrong)
	}
	return got.text
}

// texts returns the fields that are one text, and what is wrong with the others.
func (f fields) texts() (map[string]string, error) {
	texts, errs := make(map[string]string, len(f)), FieldErrors{}
	for name, field := range f {
		if field.wrong != nil {
			errs.add(name, *field.wrong)
		} else {
			texts[name] = field.text
		}
	}
	if len(errs) > 0 {
		return texts, errs
	}
	return texts, nil
}

// readFields reads the named fields of a JSON, urlencoded or multipart body of at most limit bytes; 0 is the default of
// Config.MaxBody.
func readFields(r *fasthttp.RequestCtx, limit int, names ...string) (fields, error) {
	// A compressed body could unpack to more than the limit.
	if encoding := string(r.Request.Header.ContentEncoding()); encoding != "" && encoding != "identity" {
		return nil, malformed(http.StatusUnsupportedMediaType, fmt.Sprintf("Unsupported content encoding %q in request.", encoding))
	}
	body, err := readBody(r, limit)
	if err != nil {
		return nil, err
	}
	header := string(r.Request.Header.ContentType())
	media, _, err := mime.ParseMediaType(header)
	switch {
	case header == "" && len(body) == 0:
		return fields{}, nil
	case err != nil:
	case media == "application/json", strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json"):
		return jsonFields(body, names)
	case media == "application/x-www-form-urlencoded":
		return formFields(r.Request.PostArgs(), names), nil
	case media == "multipart/form-data":
		return multipartFields(r, names)
	}
	return nil, malformed(http.StatusUnsupportedMediaType, fmt.Sprintf("Unsupported media type %q in request.", header))
}

// drainLimit is how many more bytes of a streamed body that is too large are read and thrown away. A client that is
// still sending when its connection is closed sees a reset instead of the answer.
const drainLimit = 4 << 20

// unreadable is where a request remembers why its streamed body was refused: what is left of the stream is another
// body.
type unreadable struct{}

// readBody returns the body, and leaves it in the request as if it had not been streamed.
func readBody(r *fasthttp.RequestCtx, limit int) (body []byte, err error) {
	streamed := r.Request.IsBodyStream()
	if streamed {
		if err, refused := r.UserValue(unreadable{}).(error); refused {
			return nil, err
		}
		defer func() {
			if err != nil {
				r.SetUserValue(unreadable{}, err)
			}
		}()
	}
	if limit == 0 && streamed {
		limit = streamedLimit
	}
	tooLarge := func() error {
		if streamed {
			_, _ = io.CopyN(io.Discard, r.Request.BodyStream(), drainLimit)
		}
		return malformed(http.StatusRequestEntityTooLarge, fmt.Sprintf("The request's body has more than %d bytes.", limit))
	}
	if limit > 0 && r.Request.Header.ContentLength() > limit {
		return nil, tooLarge()
	}
	if streamed {
		body, err := io.ReadAll(io.LimitReader(r.Request.BodyStream(), int64(limit)+1))
		switch {
		case err != nil:
			return nil, malformed(http.StatusBadRequest, "The request's body ended early.")
		case len(body) > limit:
			return nil, tooLarge()
		}
		r.Request.SetBodyRaw(body)
	}
	body = r.Request.Body()
	if limit > 0 && len(body) > limit {
		return nil, tooLarge()
	}
	return body, nil
}

func formFields(args *fasthttp.Args, names []string) fields {
	found := fields{}
	for _, name := range names {
		for _, text := range args.PeekMulti(name) {
			found.set(name, string(text), nil) // a copy, because fasthttp only lends its bytes
		}
	}
	return found
}

func multipartFields(r *fasthttp.RequestCtx, names []string) (fields, error) {
	form, err := r.MultipartForm()
	if err != nil {
		return nil, malformed(http.StatusBadRequest, "Multipart form parse error - "+err.Error())
	}
	found := fields{}
	for _, name := range names {
		for _, text := range form.Value[name] {
			found.set(name, text, nil)
		}
		if len(form.File[name]) > 0 {
			found.set(name, "", &errNotText)
		}
	}
	return found, nil
}

// maxMembers is how many members an object may have. It bounds the work that a small body can make.
const maxMembers = 1000

// jsonFields reads an object. It goes through the members itself, because of several members with one name
// encoding/json keeps the last and silently drops the others.
func jsonFields(body []byte, names []string) (fields, error) {
	switch {
	case len(body) == 0:
		return nil, jsonError("the body is empty")
	case !utf8.Valid(body):
		return nil, jsonError("the body is not UTF-8")
	}
	if at := jsonFault(body); at >= len(body) {
		return nil, jsonError("the body ends before the value does")
	} else if at >= 0 {
		return nil, jsonError(fmt.Sprintf("the body is not JSON from byte %d on", at+1))
	}
	body = bytes.TrimLeft(body, jsonSpace)
	if body[0] != '{' {
		return nil, nonField("Invalid data. Expected a dictionary, but got " + jsonType(body) + ".")
	}
	found, count := fields{}, 0
	for rest := nextValue(body[1:]); rest[0] != '}'; rest = nextValue(rest) {
		if count++; count > maxMembers {
			return nil, malformed(http.StatusBadRequest, fmt.Sprintf("The request's object has more than %d members.", maxMembers))
		}
		end := valueEnd(rest)
		name, after := rest[:end], nextValue(rest[end:])
		end = valueEnd(after)
		for _, wanted := range names {
			if sameName(name, wanted) {
				text, wrong := jsonText(after[:end])
				found.set(wanted, text, wrong)
			}
		}
		rest = after[end:]
	}
	return found, nil
}

const jsonSpace = " \t\r\n"

// jsonFault returns the position at which body stops being one JSON value: its length if it is only cut short, or -1 if
// nothing is wrong.
func jsonFault(body []byte) int {
	if json.Valid(body) {
		return -1
	}
	var value json.RawMessage
	decoder := json.NewDecoder(bytes.NewReader(body))
	err := decoder.Decode(&value)
	if syntax, ok := err.(*json.SyntaxError); ok {
		return int(syntax.Offset) - 1
	}
	if err != nil {
		return len(body) // it ended early
	}
	after := body[decoder.InputOffset():]
	return len(body) - len(bytes.TrimLeft(after, jsonSpace))
}

// nextValue skips the space and the one comma or colon before a value, or before the brace that closes an object. json
// must be the rest of valid JSON.
func nextValue(json []byte) []byte { return bytes.TrimLeft(json, jsonSpace+",:") }

// valueEnd returns the position where the value at the start of json ends. json must be the rest of valid JSON.
func valueEnd(json []byte) int {
	depth := 0
	for i := 0; i < len(json); i++ {
		switch json[i] {
		case '"':
			for i++; json[i] != '"'; i++ {
				if json[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
			continue
		case '}', ']':
			if depth == 0 {
				return i
			}
			depth--
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			return i + 1
		}
	}
	return len(json)
}

// sameName reports whether a name as it stands in JSON is the wanted one.
func sameName(quoted []byte, wanted string) bool {
	plain := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(plain, '\\') < 0 {
		return string(plain) == wanted
	}
	var name string
	return json.Unmarshal(quoted, &name) == nil && name == wanted
}

func jsonText(value []byte) (text string, wrong *FieldError) {
	switch {
	case string(value) == "null":
		return "", &errNull
	case value[0] != '"' || json.Unmarshal(value, &text) != nil:
		return "", &errNotText
	}
	return text, nil
}

// jsonType names a JSON value's type as Python does, which is what django-rest-captcha told its clients.
func jsonType(body []byte) string {
	switch body[0] {
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

func jsonError(words string) error {
	return malformed(http.StatusBadRequest, "JSON parse error - "+words)
}
