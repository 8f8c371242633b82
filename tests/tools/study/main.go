// Study shows pictures to people and counts how many of each style they read correctly.
//
//	go run ./tests/tools/study -addr 192.0.2.7:8080 -out study.csv
//
// Whoever opens the page is shown pictures one after the other, in random order. Every style comes as often as the
// others, and its name is not shown. Each reading is added as a line to the file, in which a person is only a random
// text. After each person, and at any time with -print, the program prints the rates of all readings in the file, with
// 95 % intervals. The usual sizes of a captcha are the default, 90 x 40 with 4 letters, 240 x 80 with 6 (-width 240
// -height 80 -length 6), and that of the form field (-width 180 -height 64 -scale 2).
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
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen at; people on other machines need one that they can reach")
	out := flag.String("out", "study.csv", "file to add readings to")
	n := flag.Int("n", 42, "number of pictures for each person")
	width := flag.Int("width", 90, "width of a picture in CSS pixels")
	height := flag.Int("height", 40, "height of a picture in CSS pixels")
	scale := flag.Int("scale", 1, "device pixels per CSS pixel")
	length := flag.Int("length", 4, "letters in a picture")
	only := flag.Bool("print", false, "only print the rates of the readings in the file")
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
	fmt.Printf("Open http://%s in a browser. Press Ctrl-C to end the study.\n", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return report(os.Stdout, s.all())
}
