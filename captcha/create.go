package captcha

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
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
	scratch := scratches.Get().(*scratch)
	defer scratches.Put(scratch)
	scratch.picture = g.renderer.Append(scratch.picture[:0], content.answer, content.pictureSeed())
	scratch.reply = g.appendReply(scratch.reply[:0], key, scratch.picture)
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	// Copied, where Send would lend the scratch to the reply, which is written when another request has it already.
	c.Response().SetBody(scratch.reply)
	return nil
}

// appendReply writes the JSON by hand: the picture's base64 is most of it, and needs neither a copy nor escapes.
func (g *Guard) appendReply(dst []byte, key string, image []byte) []byte {
	dst = append(dst, `{"image_type":"image/png","image_decode":"base64",`...)
	dst = strconv.AppendQuote(dst, g.cfg.KeyField)
	dst = append(dst, ':')
	dst = strconv.AppendQuote(dst, key)
	start, end := 0, 0 // of the picture, which is encoded once
	for _, field := range g.imageFields() {
		dst = append(dst, ',')
		dst = strconv.AppendQuote(dst, field)
		dst = append(dst, ':', '"')
		if end == 0 {
			start = len(dst)
			dst = base64.StdEncoding.AppendEncode(dst, image)
			end = len(dst)
		} else {
			dst = append(dst, dst[start:end]...)
		}
		dst = append(dst, '"')
	}
	return append(dst, '}')
}

// imageFields are the names under which the picture is sent. The original's documentation has one and its code the other.
func (g *Guard) imageFields() []string {
	if g.cfg.ImageField != "" {
		return []string{g.cfg.ImageField}
	}
	return defaultImageFields
}

var defaultImageFields = []string{imageField, valueField}

// scratch is the room to write one reply in.
type scratch struct{ picture, reply []byte }

var scratches = sync.Pool{New: func() any { return new(scratch) }}
