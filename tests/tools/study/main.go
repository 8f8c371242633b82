// Study shows pictures to people and tells how many of each style they read.
//
//	go run ./tests/tools/study -addr 192.0.2.7:8080 -out study.csv
//
// Whoever opens the page is shown pictures one after the other, every style as often as the others, in no order and
// without its name. Each reading is a line of the file, which holds no more of a person than a random number. After
// each person, and with -print at any time, the rates of all in the file are printed, with 95 % intervals. The sizes
// that a captcha has: 90 x 40 of 4 letters, which is the default, 240 x 80 of 6 (-width 240 -height 80 -length 6), and
// that of the form field (-width 180 -height 64 -scale 2).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to serve; people elsewhere need an address that they can reach")
	out := flag.String("out", "study.csv", "file that readings are added to")
	n := flag.Int("n", 42, "pictures a person")
	width := flag.Int("width", 90, "size of a picture, in CSS pixels")
	height := flag.Int("height", 40, "size of a picture, in CSS pixels")
	scale := flag.Int("scale", 1, "device pixels to a CSS pixel")
	length := flag.Int("length", 4, "letters")
	only := flag.Bool("print", false, "only print the rates in the file")
	flag.Parse()
	config := picture.Config{Width: *width, Height: *height, Scale: *scale}
	if err := run(*addr, *out, config, *n, *length, *only); err != nil {
		log.Fatal(err)
	}
}

func run(addr, out string, config picture.Config, n, length int, only bool) error {
	known, err := load(out)
	if err != nil {
		return err
	}
	if only {
		return report(os.Stdout, known)
	}
	file, err := os.OpenFile(out, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	s, err := newStudy(config, n, length, known, file, os.Stdout)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	server := &http.Server{Handler: s.routes(), ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { server.Close() })
	fmt.Printf("open http://%s, and end with Ctrl-C\n", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return report(os.Stdout, s.all())
}
