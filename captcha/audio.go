package captcha

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// Audio answers GET with the sound of the challenge that the route's parameter "key" names, as a WAV file, in the language
// that the challenge was issued for. Listening uses nothing up, and gives the same bytes each time. A part of the file
// can be asked for with Range: Safari plays nothing from a server that can't do that. A key that is unknown, used or
// expired is 404, as is any where Config.Audio is not set; a storage failure is 503. Where Config.Audio fails, an error is
// returned that says so.
func (g *Guard) Audio(c *fiber.Ctx) error {
	wav, err := g.speak(c)
	g.cfg.Observe(Event{Kind: Spoken, Err: err})
	switch {
	case errors.Is(err, ErrUnknownKey):
		return detail(c, fiber.StatusNotFound, "Not found.")
	case err != nil:
		return Reply(c, err)
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentType, "audio/wav")
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderAcceptRanges, "bytes")
	return sendRange(c, wav)
}

func (g *Guard) speak(c *fiber.Ctx) ([]byte, error) {
	key := c.Params("key")
	if g.cfg.Audio == nil || !keyForm(key) {
		return nil, ErrUnknownKey
	}
	content, err := g.keeper.peek(c.UserContext(), key)
	if err != nil {
		return nil, err
	}
	if int(content.language) >= len(g.languages) {
		return nil, ErrUnknownKey
	}
	language := spoken(g.cfg.Audio.Languages(), g.languages[content.language])
	wav, err := g.cfg.Audio.Speak(content.answer, language, content.soundSeed())
	if err != nil {
		// Not wrapped: it may quote what it could not say, and an app shows or logs this error.
		return nil, fmt.Errorf("captcha: Audio failed to speak a challenge in language %q", language)
	}
	return wav, nil
}

// sendRange sends the part of a file that the request asks for. Where that is several parts, or depends on which version
// of the file the client has (If-Range), it sends the whole, as RFC 9110, section 14.2, allows.
func sendRange(c *fiber.Ctx, file []byte) error {
	first, last, ok := byteRange(c.Get(fiber.HeaderRange), len(file))
	switch {
	case !ok || c.Method() != fiber.MethodGet || c.Get(fiber.HeaderIfRange) != "":
		return c.Send(file)
	case first >= len(file):
		c.Set(fiber.HeaderContentRange, fmt.Sprintf("bytes */%d", len(file)))
		return detail(c, fiber.StatusRequestedRangeNotSatisfiable, "The sound has no such part.")
	}
	c.Set(fiber.HeaderContentRange, fmt.Sprintf("bytes %d-%d/%d", first, last, len(file)))
	return c.Status(fiber.StatusPartialContent).Send(file[first : last+1])
}

// byteRange returns the positions of the first and the last byte that a Range header asks for, in a file of size bytes. A
// first one beyond the file is not there. A header that means nothing, or several parts, is to be ignored: not ok.
//
// Fiber's own parser takes the last 100 bytes of a file of 50 for none.
func byteRange(header string, size int) (first, last int, ok bool) {
	unit, spec, _ := strings.Cut(header, "=")
	from, to, dash := strings.Cut(strings.TrimSpace(spec), "-")
	if !strings.EqualFold(unit, "bytes") || !dash {
		return 0, 0, false
	}
	if from == "" {
		suffix, ok := position(to)
		return max(0, size-suffix), size - 1, ok
	}
	first, ok = position(from)
	if !ok || to == "" {
		return first, size - 1, ok
	}
	last, ok = position(to)
	return first, min(last, size-1), ok && first <= last
}

// position reads digits. A number too great to be held is the greatest.
func position(digits string) (n int, ok bool) {
	parsed, err := strconv.ParseUint(digits, 10, 31)
	return int(parsed), err == nil || errors.Is(err, strconv.ErrRange)
}
