package once

import (
	"slices"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// answer is what a form was answered. The zero answer is one that was not kept, for there was no room for it.
type answer struct {
	Status int         `json:"status"`
	Header [][2]string `json:"header"` // names and values
	Body   []byte      `json:"body"`
}

// send answers a request with it.
func (a *answer) send(r *fasthttp.RequestCtx) error {
	if a.Status == 0 {
		return ErrUnfinished
	}
	r.Response.SetStatusCode(a.Status)
	r.Response.SetBodyRaw(a.Body)
	set := make(map[string]bool)
	for _, field := range a.Header {
		if set[field[0]] {
			r.Response.Header.Add(field[0], field[1])
		} else {
			r.Response.Header.Set(field[0], field[1])
		}
		set[field[0]] = true
	}
	return nil
}

// own are headers that belong to a connection or to the moment.
var own = []string{"Connection", "Content-Length", "Date", "Keep-Alive", "Server", "Transfer-Encoding"}

// headersOf returns the headers of the response so far.
func headersOf(r *fasthttp.RequestCtx) (all [][2]string) {
	for name, value := range r.Response.Header.All() {
		if !slices.Contains(own, string(name)) {
			all = append(all, [2]string{string(name), string(value)})
		}
	}
	return all
}

// largestAnswer is the most that is kept of one, in bytes: a page with a captcha takes some 20 KB.
const largestAnswer = 64 << 10

// answerOf returns what a request was answered since it had the headers before, or the zero answer where that is too
// large. The policy of the page's content is kept in any case: a nonce in it is the page's.
func answerOf(r *fasthttp.RequestCtx, before [][2]string) answer {
	a := answer{Status: r.Response.StatusCode()}
	size := 0
	for _, field := range headersOf(r) {
		if field[0] == "Content-Security-Policy" || !slices.Contains(before, field) {
			a.Header = append(a.Header, field)
			size += len(field[0]) + len(field[1])
		}
	}
	if r.Response.IsBodyStream() {
		return answer{} // it can be read once
	}
	a.Body = r.Response.Body()
	if size+len(a.Body) > largestAnswer {
		return answer{}
	}
	return a
}

// smallAnswer is what fits a redirect, in bytes as it is kept. Most forms that are accepted are answered with one,
// while those that are refused are shown again: pages, which anybody can have as many of as challenges. They take no
// more than half of the room, so that no flood of guesses takes it from those who have sent their form well.
const smallAnswer = 4 << 10

// room bounds what a process keeps of answers within a life, in bytes as they are kept.
type room struct {
	most int

	mu    sync.Mutex
	taken int
	pages int // of that
}

// take takes room for n bytes for a life, and reports whether there was as much.
func (k *room) take(n int) bool {
	page := 0
	if n > smallAnswer {
		page = n
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.taken+n > k.most || k.pages+page > k.most/2 {
		return false
	}
	k.taken += n
	k.pages += page
	time.AfterFunc(life, func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.taken -= n
		k.pages -= page
	})
	return true
}
