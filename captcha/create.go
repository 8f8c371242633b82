package captcha

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/gofiber/fiber/v2"
)

// Create answers POST with a challenge as JSON: 200 and
//
//	{"image_type": "image/png", "image_decode": "base64", "captcha_key": "...", "captcha_image": "...", "captcha_value": "..."}
//
// The request's body is ignored. Another method is 405, a storage failure 503.
func (g *Guard) Create(c *fiber.Ctx) error {
	if c.Method() != fiber.MethodPost {
		c.Set(fiber.HeaderAllow, fiber.MethodPost)
		return detail(c, fiber.StatusMethodNotAllowed, fmt.Sprintf("Method %q not allowed.", c.Method()))
	}
	key, content, err := g.issue(c.UserContext(), max(0, slices.Index(g.languages, g.Language(c))))
	if err != nil {
		return Reply(c, err)
	}
	image := images.Get().(*[]byte)
	defer images.Put(image)
	*image = g.renderer.Append((*image)[:0], content.answer, content.pictureSeed())
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	// Written into the response's own buffer, which SwapBody hands out and takes back: there is nothing to copy.
	c.Response().SwapBody(g.reply.append(c.Response().SwapBody(nil)[:0], key, *image))
	return nil
}

// images are pictures that have been sent, kept for their room.
var images = sync.Pool{New: func() any { return new([]byte) }}

// A frame is the JSON of a reply without what differs from challenge to challenge: the parts before the key, before the
// picture under each of its names, and after all.
type frame []string

func newFrame(cfg Config) frame {
	f := frame{`{"image_type":"image/png","image_decode":"base64",` + quote(cfg.KeyField) + `:"`}
	for _, name := range cfg.imageFields() {
		f = append(f, `",`+quote(name)+`:"`)
	}
	return append(f, `"}`)
}

func quote(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // never for a string
	}
	return string(text)
}

// append writes a reply. Neither keys nor base64 need escapes, and the picture is encoded once.
func (f frame) append(dst []byte, key string, image []byte) []byte {
	dst = append(append(dst, f[0]...), key...)
	dst = append(dst, f[1]...)
	start := len(dst)
	dst = base64.StdEncoding.AppendEncode(dst, image)
	end := len(dst)
	for _, part := range f[2 : len(f)-1] {
		dst = append(append(dst, part...), dst[start:end]...)
	}
	return append(dst, f[len(f)-1]...)
}

// imageFields are the names under which the picture is sent. The original's documentation has one and its code the other.
func (c Config) imageFields() []string {
	if c.ImageField != "" {
		return []string{c.ImageField}
	}
	return []string{imageField, valueField}
}
