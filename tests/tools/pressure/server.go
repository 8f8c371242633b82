package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/pressure"
	"github.com/fibercaptcha/fibercaptcha/captcha/work"
)

// clock is the time of the simulation, in a header of every request: the server's clock goes as fast as requests tell
// it.
const clockHeader = "X-Clock"

type clock struct{ now atomic.Int64 }

func (c *clock) time() time.Time { return time.Unix(0, c.now.Load()) }

// began is when the simulation does, for the server and its visitors.
var began = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

const secret = "the secret of a simulation, which guards nothing"

// settings are those of the site. Its work is made and solved at once, because the simulation calculates what a search
// costs.
func settings(c *clock, demand captcha.Demand) captcha.Config {
	return captcha.Config{
		Secrets: []string{secret},
		Work:    work.New(work.Config{Cost: 500, Range: 1}),
		Demand:  func(*fiber.Ctx, string) captcha.Demand { return demand },
		Now:     c.time,
	}
}

// serve is the site, in a process of its own.
func serve(out io.Writer, demand captcha.Demand, pressed bool) error {
	var c clock
	c.now.Store(began.UnixNano())
	cfg := settings(&c, demand)
	cfg.Logger = quiet
	var p *pressure.Pressure
	if pressed {
		p = pressure.New(pressure.Config{Now: c.time})
		cfg.Pressure = p
	}
	guard := captcha.New(cfg)
	app := fiber.New(fiber.Config{DisableStartupMessage: true, ProxyHeader: fiber.HeaderXForwardedFor, EnableTrustedProxyCheck: true,
		TrustedProxies: []string{"127.0.0.1"}})
	app.Use(func(r *fiber.Ctx) error {
		now, err := strconv.ParseInt(r.Get(clockHeader), 10, 64)
		if err != nil {
			return err
		}
		c.now.Store(now)
		return r.Next()
	})
	guard.Register(app)
	app.Post("/submit", guard.Protect, func(r *fiber.Ctx) error { return r.SendStatus(fiber.StatusNoContent) })
	app.Get("/status", func(r *fiber.Ctx) error {
		if p == nil {
			return r.JSON(pressure.Status{})
		}
		return r.JSON(p.Status())
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintln(out, listener.Addr())
	return app.Listener(listener)
}

// site is the process that serves.
type site struct {
	url     string
	clock   clock
	client  http.Client
	process *exec.Cmd
}

// startSite starts this program again, as the site.
func startSite(demand captcha.Demand, pressed bool) (*site, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &site{process: exec.Command(program, "-serve", "-demand", strconv.Itoa(int(demand)), "-pressed="+strconv.FormatBool(pressed))}
	s.process.Stderr = os.Stderr
	out, err := s.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.stop()
		return nil, errors.New("the site did not start")
	}
	s.url = "http://" + strings.TrimSpace(line)
	return s, nil
}

func (s *site) stop() {
	_ = s.process.Process.Kill()
	_ = s.process.Wait()
}

// ask sends a request at the simulation's time from an address, and reads a reply in JSON.
func (s *site) ask(method, path, address, body string, into any) (status int, err error) {
	request, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set(clockHeader, strconv.FormatInt(s.clock.now.Load(), 10))
	request.Header.Set(fiber.HeaderXForwardedFor, address)
	request.Header.Set(fiber.HeaderContentType, fiber.MIMEApplicationForm)
	response, err := s.client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && into != nil {
		err = json.Unmarshal(text, into)
	}
	return response.StatusCode, err
}
