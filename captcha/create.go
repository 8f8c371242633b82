package captcha

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/valyala/fasthttp"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/keep"
)

// create answers POST with a challenge in JSON.
func (g *Guard) create(ctx context.Context, r *fasthttp.RequestCtx, visitor Visitor) error {
	if string(r.Method()) != http.MethodPost {
		return notAllowed(r)
	}
	preset := slices.Index(presetNames[:], string(r.QueryArgs().Peek("preset")))
	if preset < 0 {
		return notFound()
	}
	key, c, err := g.issue(ctx, visitor, uint8(preset))
	if err != nil {
		return err
	}
	image := images.Get().(*[]byte)
	defer images.Put(image)
	*image = g.renderer(c).Append((*image)[:0], c.Answer, pictureSeed(c))
	r.Response.Header.Set("Cache-Control", "no-store")
	r.Response.Header.SetContentType("application/json")
	// Written into the response's own buffer, which SwapBody hands out and takes back: there is nothing to copy.
	body := g.tell(g.reply.append(r.Response.SwapBody(nil)[:0], key, *image), c)
	if r.QueryArgs().Has("details") {
		body = g.appendDetails(body, key, c)
	}
	r.Response.SwapBody(body)
	return nil
}

// appendDetails adds the members of a reply for which a client can ask, and which django-rest-captcha does not send.
// They are sent only on request, because a client in a typed language may expect nothing but strings in a reply.
func (g *Guard) appendDetails(reply []byte, key string, c keep.Challenge) []byte {
	width, height := g.renderer(c).Size(c.Answer)
	reply = fmt.Appendf(reply[:len(reply)-1], `,"image_width":%d,"image_height":%d,"expires_in":%d`, width, height, int(g.cfg.Expiration.Seconds()))
	if g.cfg.Audio != nil {
		reply = append(append(reply, `,"audio_type":"audio/wav","audio_url":`...), quote(g.soundURL(key))...)
	}
	return append(reply, '}')
}

func notAllowed(r *fasthttp.RequestCtx) error {
	r.Response.Header.Set("Allow", http.MethodPost)
	return &Error{Reason: NotAllowed, Status: http.StatusMethodNotAllowed, Detail: fmt.Sprintf("Method %q not allowed.", r.Method())}
}

// images holds the buffers of pictures that have been sent, to be used again.
var images = sync.Pool{New: func() any { return new([]byte) }}

// A frame is the JSON of a reply without what differs from challenge to challenge: the part before the key, the parts
// before the picture under each of its names, and the end.
type frame []string

func newFrame(cfg Config) frame {
	f := frame{`{"image_type":"image/png","image_decode":"base64",` + quote(cfg.Compat.KeyField) + `:"`}
	for _, name := range cfg.Compat.imageFields() {
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
