package server

import (
	"net"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
)

// Inside serves an app in the test's own process until the test ends, and returns its URL.
func Inside(t testing.TB, app *fiber.App) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- app.Listener(listener) }()
	t.Cleanup(func() {
		// An app that does not listen yet has nothing to shut down: without its listener it ends as well.
		_ = listener.Close()
		_ = app.ShutdownWithTimeout(time.Second)
		<-served
	})
	return "http://" + listener.Addr().String()
}
