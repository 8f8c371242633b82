//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/work"
)

// script visits a form: once it may, it gives a field of the form the focus, as a visitor's first touch does, and says
// how long it took until the captcha was checked, and what the worker says of the search. Then it begins anew.
const script = `"use strict";
let said = {};
window.Worker = class extends window.Worker {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => { said = data; });
  }
};
addEventListener("load", async () => {
  await customElements.whenDefined("captcha-field");
  const reply = await fetch("/next", { cache: "no-store" });
  if (reply.status !== 200) return;
  const field = document.querySelector("captcha-field"), name = document.querySelector("[name=name]");
  const begin = performance.now();
  const ended = new Promise((done) => {
    field.addEventListener("verified", () => done("solved"), { once: true });
    field.addEventListener("failed", ({ detail }) => done(detail.reason), { once: true });
  });
  name.focus();
  name.dispatchEvent(new Event("focusin", { bubbles: true })); // a window without the focus fires none
  const type = await ended;
  const whole = performance.now() - begin;
  await fetch("/told", { method: "POST", body: JSON.stringify({ tries: said.tries, time: said.time, type, whole }) });
  location.reload();
});`

const page = `<!doctype html><html lang="en"><title>Price</title><link rel="icon" href="data:,"><script src="/page.js"></script>
<form method="post"><input name="name" aria-label="Name">%s<button>Send</button></form>`

// visited is what the page says of one visit.
type visited struct {
	Type        string
	Tries       int
	Time, Whole float64 // milliseconds
}

// form is a server of the page, on which a visitor waits until it is told to go on.
type form struct {
	url     string
	waiting chan struct{} // a visitor has the page
	next    chan struct{} // lets it go on
	told    chan visited  // what came of it
	stop    func() error
}

func serve(w *work.Work) (*form, error) {
	guard, err := captcha.NewGuard(captcha.Config{
		Work:   w,
		Demand: func(*fiber.Ctx, string) captcha.Demand { return captcha.LettersOrWork },
	})
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	f := &form{url: "http://" + listener.Addr().String()}
	f.waiting, f.next, f.told = make(chan struct{}), make(chan struct{}), make(chan visited)
	ended := make(chan struct{})
	f.stop = func() error {
		close(ended)
		return app.ShutdownWithTimeout(time.Second)
	}
	guard.Register(app)
	app.Get("/", func(c *fiber.Ctx) error {
		challenge, err := guard.Issue(c)
		if err != nil {
			return err
		}
		c.Type("html", "utf-8").Set("Cache-Control", "no-store")
		return c.SendString(fmt.Sprintf(page, challenge.Field()))
	})
	app.Get("/page.js", func(c *fiber.Ctx) error { return c.Type("js").SendString(script) })
	app.Get("/next", func(c *fiber.Ctx) error {
		select {
		case f.waiting <- struct{}{}:
		case <-ended:
			return c.SendStatus(fiber.StatusGone)
		}
		select {
		case <-f.next:
			return nil
		case <-ended:
			return c.SendStatus(fiber.StatusGone)
		}
	})
	app.Post("/told", func(c *fiber.Ctx) error {
		var v visited
		if err := json.Unmarshal(c.Body(), &v); err != nil {
			v.Type = err.Error()
		}
		select {
		case f.told <- v:
		case <-ended:
		}
		return nil
	})
	go func() { _ = app.Listener(listener) }()
	return f, nil
}

// visit lets one visitor go on, after whatever is to be done while the page rests, and returns what came of it.
func (f *form) visit(ctx context.Context, resting func()) (v visited, err error) {
	select {
	case <-f.waiting:
		resting()
		f.next <- struct{}{}
	case <-ctx.Done():
		return v, ctx.Err()
	}
	select {
	case v = <-f.told:
	case <-ctx.Done():
		return v, ctx.Err()
	}
	if v.Type != "solved" {
		return v, errors.New("not solved: " + v.Type)
	}
	return v, nil
}
