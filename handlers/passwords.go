package handlers

import (
	"crypto/rand"
	"runtime"

	"golang.org/x/crypto/bcrypt"
)

// passwords hashes on half of the processors at most, and the others wait: a hash takes a processor for a twentieth of a second, and a
// flood of log-ins from many addresses shall leave the rest of the site to its visitors.
type passwords struct {
	slots chan struct{}
	none  []byte // the hash of a password that nobody knows
}

func newPasswords() *passwords {
	p := &passwords{slots: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))}
	none, err := p.hash(rand.Text())
	if err != nil {
		panic(err) // only for a cost that bcrypt does not have
	}
	p.none = none
	return p
}

func (p *passwords) hash(password string) (hash []byte, err error) {
	p.inTurn(func() { hash, err = bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost) })
	return hash, err
}

// matches takes as long where there is no hash, or none that could match, as where there is.
func (p *passwords) matches(hash []byte, password string) (ok bool) {
	if len(hash) == 0 || len(password) > maxPassword {
		hash = p.none
	}
	p.inTurn(func() { ok = bcrypt.CompareHashAndPassword(hash, []byte(password)) == nil })
	return ok
}

func (p *passwords) inTurn(work func()) {
	p.slots <- struct{}{}
	defer func() { <-p.slots }()
	work()
}
