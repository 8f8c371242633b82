package once

import "sync"

// How many requests of a process may wait, because each holds a connection and its buffers, and how many of them for
// one form. A program that sends one form a hundred times takes nobody else's place.
const (
	mostWaiting = 256
	mostForOne  = 8
)

// places are taken by requests that wait for the answer to a form, and counted by the name of its mark. In the zero
// value all are free.
type places struct {
	mu    sync.Mutex
	taken int
	forms map[string]int
}

// take takes a place, and reports whether there was one.
func (p *places) take(form string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken == mostWaiting || p.forms[form] == mostForOne {
		return false
	}
	if p.forms == nil {
		p.forms = make(map[string]int)
	}
	p.taken++
	p.forms[form]++
	return true
}

func (p *places) giveBack(form string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken--
	if p.forms[form]--; p.forms[form] == 0 {
		delete(p.forms, form)
	}
}
