package captcha

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gofiber/fiber/v2"
)

// Audio answers GET with the sound of the challenge that the route's parameter "key" names, as a WAV file, in the language
// that the challenge was issued for. Listening uses nothing up, and gives the same bytes each time. A part of the file
// can be asked for with Range. A key that is unknown, used or expired is 404, as is any where Config.Audio is not set;
// a storage failure is 503.
func (g *Guard) Audio(c *fiber.Ctx) error {
	wav, err := g.speak(c)
	if err != nil {
		g.cfg.Observe(Event{Kind: Spoken, Err: err})
	}
	switch {
	case errors.Is(err, ErrUnknownKey):
		return detail(c, fiber.StatusNotFound, "Not found.")
	case err != nil:
		return Reply(c, err)
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentType, "audio/wav")
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
	return g.cfg.Audio.Speak(content.answer, g.spoken(g.languages[content.language]), content.soundSeed())
}

// spoken returns the language of the sound for a visitor who is addressed in language.
func (g *Guard) spoken(language string) string {
	spoken := g.cfg.Audio.Languages()
	if slices.Contains(spoken, language) {
		return language
	}
	return spoken[0]
}

// sendRange sends the part of a file that the request asks for: Safari plays nothing from a server that can't. Several
// parts at once, and a part on the condition that the file is a certain one (If-Range), get the whole, as RFC 9110
// section 14.2 allows.
func sendRange(c *fiber.Ctx, file []byte) error {
	if c.Get(fiber.HeaderRange) == "" || c.Get(fiber.HeaderIfRange) != "" {
		return c.Send(file)
	}
	asked, err := c.Range(len(file))
	switch {
	case errors.Is(err, fiber.ErrRangeUnsatisfiable) || err == nil && asked.Type == "bytes" && len(asked.Ranges) == 0:
		c.Set(fiber.HeaderContentRange, fmt.Sprintf("bytes */%d", len(file)))
		return c.SendStatus(fiber.StatusRequestedRangeNotSatisfiable)
	case err != nil || asked.Type != "bytes" || len(asked.Ranges) != 1:
		return c.Send(file)
	}
	part := asked.Ranges[0]
	c.Set(fiber.HeaderContentRange, fmt.Sprintf("bytes %d-%d/%d", part.Start, part.End, len(file)))
	return c.Status(fiber.StatusPartialContent).Send(file[part.Start : part.End+1])
}
