package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"image/png"
	"strings"
	"sync"
	"time"

	afocus "github.com/afocus/captcha"
	dchest "github.com/dchest/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
	"github.com/gofiber/fiber/v2"
	"github.com/mojocn/base64Captcha"
	steambap "github.com/steambap/captcha"
	"golang.org/x/image/font/gofont/gobold"
)

// A size of picture, and the number of letters in it.
type size struct{ width, height, letters int }

func (s size) String() string {
	return fmt.Sprintf("%d x %d, %d letters", s.width, s.height, s.letters)
}

var sizes = []size{{90, 40, 4}, {240, 80, 6}}

// A library under measurement, with its default style, alphabet and storage; base64Captcha has no default style, and gets
// one curved line and small letters and digits without look-alikes.
type library struct {
	name string
	// draw returns a function that draws a picture of a random text, as PNG.
	draw func(size) func() []byte
	// serve returns a handler that issues a challenge in JSON: its key, and the picture in base64.
	serve func(size) fiber.Handler
}

var libraries = []library{
	{"fibercaptcha", drawOurs, serveOurs},
	{"base64Captcha", drawBase64, serveBase64},
	{"dchest", drawDchest, serveDchest},
	{"steambap", drawSteambap, func(s size) fiber.Handler { return serveKept(drawSteambap(s)) }},
	{"afocus", drawAfocus, func(s size) fiber.Handler { return serveKept(drawAfocus(s)) }},
}

func drawOurs(s size) func() []byte {
	renderer := must(picture.New(picture.Config{Width: s.width, Height: s.height}, picture.Alphabet, s.letters))
	var dst []byte
	return func() []byte {
		var seed [32]byte
		rand.Read(seed[:])
		text := make([]byte, s.letters)
		for i := range text {
			text[i] = picture.Alphabet[int(seed[i])%len(picture.Alphabet)]
		}
		dst = renderer.Append(dst[:0], string(text), seed)
		return dst
	}
}

func serveOurs(s size) fiber.Handler {
	return captcha.New(captcha.Config{Length: s.letters, Picture: picture.Config{Width: s.width, Height: s.height}}).Create
}

func base64Driver(s size) base64Captcha.Driver {
	const letters = "23456789abcdefghjkmnpqrstuvwxyz"
	return base64Captcha.NewDriverString(s.height, s.width, 0, base64Captcha.OptionShowHollowLine, s.letters, letters, nil, nil, nil)
}

func drawBase64(s size) func() []byte {
	driver := base64Driver(s)
	return func() []byte {
		_, text, _ := driver.GenerateIdQuestionAnswer()
		var b bytes.Buffer
		must(must(driver.DrawCaptcha(text)).WriteTo(&b))
		return b.Bytes()
	}
}

// serveBase64 keeps challenges in a store of the library's default size and life. The library's default store, one for
// the whole process, would do the same.
func serveBase64(s size) fiber.Handler {
	c := base64Captcha.NewCaptcha(base64Driver(s), base64Captcha.NewMemoryStore(base64Captcha.GCLimitNumber, base64Captcha.Expiration))
	return func(ctx *fiber.Ctx) error {
		key, image, _, err := c.Generate()
		if err != nil {
			return err
		}
		return ctx.JSON(fiber.Map{"captcha_key": key, "captcha_image": strings.TrimPrefix(image, "data:image/png;base64,")})
	}
}

func drawDchest(s size) func() []byte {
	return func() []byte {
		var b bytes.Buffer
		must(dchest.NewImage("", dchest.RandomDigits(s.letters), s.width, s.height).WriteTo(&b))
		return b.Bytes()
	}
}

func serveDchest(s size) fiber.Handler {
	return func(c *fiber.Ctx) error {
		var b bytes.Buffer
		key := dchest.NewLen(s.letters)
		if err := dchest.WriteImage(&b, key, s.width, s.height); err != nil {
			return err
		}
		return challenge(c, key, b.Bytes())
	}
}

func drawSteambap(s size) func() []byte {
	return func() []byte {
		data := must(steambap.New(s.width, s.height, func(o *steambap.Options) { o.TextLength = s.letters }))
		var b bytes.Buffer
		if err := data.WriteImage(&b); err != nil {
			panic(err)
		}
		return b.Bytes()
	}
}

// drawAfocus brings a font, for the library has none.
func drawAfocus(s size) func() []byte {
	c := afocus.New()
	if err := c.AddFontFromBytes(gobold.TTF); err != nil {
		panic(err)
	}
	c.SetSize(s.width, s.height)
	return func() []byte {
		image, _ := c.Create(s.letters, afocus.ALL)
		var b bytes.Buffer
		if err := png.Encode(&b, image); err != nil {
			panic(err)
		}
		return b.Bytes()
	}
}

// serveKept is for the libraries that leave keeping the answers to the app: a map is the least that an app would do.
func serveKept(draw func() []byte) fiber.Handler {
	var mu sync.Mutex
	kept := make(map[string]time.Time)
	return func(c *fiber.Ctx) error {
		image, key := draw(), rand.Text()
		mu.Lock()
		kept[key] = time.Now().Add(5 * time.Minute)
		mu.Unlock()
		return challenge(c, key, image)
	}
}

func challenge(c *fiber.Ctx, key string, image []byte) error {
	return c.JSON(fiber.Map{"captcha_key": key, "captcha_image": base64.StdEncoding.EncodeToString(image)})
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
