package browser

import "sync"

// process is a browser's.
type process interface {
	comparable
	gone() bool // whether it has ended
}

// shared is a browser process that all pages of a test binary share, because starting one takes seconds of a processor.
// It starts with the first page and ends with the program.
type shared[P process] struct {
	mu      sync.Mutex
	running P
}

// open opens a page in the process. If the process has ended, it is replaced by another. If it ends while the page is
// opened, that is tried once more.
func (s *shared[P]) open(start func() (P, error), open func(P) error) error {
	for again := false; ; again = true {
		running, err := s.get(start)
		if err != nil {
			return err
		}
		if err = open(running); err == nil || again || !running.gone() {
			return err
		}
	}
}

func (s *shared[P]) get(start func() (P, error)) (running P, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var none P
	if s.running != none && !s.running.gone() {
		return s.running, nil
	}
	s.running, err = start()
	return s.running, err
}
