package captcha

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/keep"
)

// sound answers GET with the sound of the challenge that key names.
func (g *Guard) sound(ctx context.Context, r *fasthttp.RequestCtx, key string, visitor Visitor) error {
	c, wav, err := g.wav(ctx, key, visitor)
	g.observe(ctx, Event{Kind: Spoken, Err: err}, c)
	if errors.Is(err, ErrUnknownKey) {
		return notFound()
	}
	if err != nil {
		return err
	}
	r.Response.Header.Set("Cache-Control", "no-store")
	r.Response.Header.SetContentType("audio/wav")
	r.Response.Header.Set("X-Content-Type-Options", "nosniff")
	r.Response.Header.Set("Accept-Ranges", "bytes")
	return sendRange(r, wav)
}

func (g *Guard) wav(ctx context.Context, key string, visitor Visitor) (keep.Challenge, []byte, error) {
	if g.cfg.Audio == nil {
		return keep.Challenge{}, nil, ErrUnknownKey
	}
	c, err := g.peek(ctx, key, visitor)
	if err != nil {
		return keep.Challenge{}, nil, err
	}
	language := spoken(g.cfg.Audio.Languages(), g.language(c.Language))
	wav, err := g.cfg.Audio.Speak(c.Answer, language, g.cfg.MaxLength+g.steps[pressureOf(c)].Letters, soundSeed(c))
	if err != nil {
		// Not wrapped: it may quote what it could not say, and an app shows or logs this error.
		cause := fmt.Errorf("captcha: Audio failed to speak a challenge in language %q", language)
		return c, nil, &Error{Failed, http.StatusInternalServerError, "The sound can't be made.", cause}
	}
	return c, wav, nil
}

// sendRange sends the part of a file that the request asks for. If that is several parts, or depends on which version
// of the file the client has (If-Range), it sends the whole, as RFC 9110, section 14.2, allows.
func sendRange(r *fasthttp.RequestCtx, file []byte) error {
	header := &r.Request.Header
	first, last, ok := byteRange(string(header.Peek("Range")), len(file))
	switch {
	case !ok || !header.IsGet() || len(header.Peek("If-Range")) > 0:
		r.Response.SetBodyRaw(file)
		return nil
	case first >= len(file):
		r.Response.Header.Set("Content-Range", fmt.Sprintf("bytes */%d", len(file)))
		return &Error{Reason: NotFound, Status: http.StatusRequestedRangeNotSatisfiable, Detail: "The sound has no such part."}
	}
	r.Response.Header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, len(file)))
	r.Response.SetStatusCode(http.StatusPartialContent)
	r.Response.SetBodyRaw(file[first : last+1])
	return nil
}

// byteRange returns the positions of the first and the last byte that a Range header asks for, in a file of size bytes.
// The first may lie beyond the end of the file. ok is false for a header that is to be ignored, because it is malformed
// or asks for several parts.
//
// Fiber's own parser finds no part if the last 100 bytes are asked for of a file that has only 50.
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
