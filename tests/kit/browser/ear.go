package browser

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strconv"
	"strings"
	"testing"
)

//go:embed ear.js
var earScript []byte

// earPath is the path of the script, which the proxy adds to every site. A page's policy allows it if it allows the
// page's own scripts.
const earPath = "/.ear.js"

// heard is the expression that takes what the script kept.
const heard = `(() => {
	const lines = JSON.parse(sessionStorage.getItem("heard") ?? "[]");
	sessionStorage.removeItem("heard");
	return lines;
})()`

// ear is the HTTP proxy of a browser whose driver does not report the console. It notes which addresses are asked for
// and which replies are errors. At the head of each page it puts a script that listens for what goes wrong there.
type ear struct {
	address         string // host:port
	wrong, requests notes
}

// listenIn starts a proxy that ends with the test.
func listenIn(t testing.TB) *ear {
	e := new(ear)
	proxy := &httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.Out.Header.Del("Accept-Encoding") },
		ModifyResponse: e.modify,
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() == nil { // the browser did not cancel it
				e.wrong.add("network: %v %s", err, r.URL)
			}
			w.WriteHeader(http.StatusBadGateway)
		},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !r.URL.IsAbs():
			http.Error(w, "this is a proxy", http.StatusBadRequest)
		case r.URL.Path == earPath:
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = w.Write(earScript)
		default:
			e.requests.add("%s", r.URL)
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	e.address = server.Listener.Addr().String()
	return e
}

func (e *ear) modify(r *http.Response) error {
	if r.StatusCode >= 400 {
		e.wrong.add("network: status of %d %s", r.StatusCode, r.Request.URL)
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") {
		return nil
	}
	page, err := io.ReadAll(r.Body)
	_ = r.Body.Close()
	if err != nil {
		return err
	}
	page = bytes.Replace(page, []byte("<title>"), fmt.Appendf(nil, `<script src="%s"></script><title>`, earPath), 1)
	r.Body = io.NopCloser(bytes.NewReader(page))
	r.Header.Set("Content-Length", strconv.Itoa(len(page)))
	return nil
}
