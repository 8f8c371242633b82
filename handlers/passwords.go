package handlers

import (
	"crypto/rand"
	"runtime"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/crypto/bcrypt"

	"github.com/fibercaptcha/fibercaptcha/handlers/web"
)

// passwords hashes on half of the processors at most: a hash takes a processor for a twentieth of a second, and a flood of
// logins from many addresses shall leave the rest of the site to its visitors.
type passwords struct {
	turns *web.Turns
	none  []byte // the hash of a password that nobody knows
}

func newPasswords() *passwords {
	none, err := bcrypt.GenerateFromPassword([]byte(rand.Text()), bcrypt.DefaultCost)
	if err != nil {
		panic(err) // only for a cost that bcrypt does not have
	}
	return &passwords{web.NewTurns(max(1, runtime.GOMAXPROCS(0)/2)), none}
}

// hash waits for its turn, or returns web.ErrBusy.
func (p *passwords) hash(c *fiber.Ctx, password string) (hash []byte, err error) {
	if busy := p.turns.Take(c, func() { hash, err = bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost) }); busy != nil {
		return nil, busy
	}
	return hash, err
}

// matches takes as long where there is no hash, or none that could match, as where there is. It waits for its turn, or
// returns web.ErrBusy.
func (p *passwords) matches(c *fiber.Ctx, hash []byte, password string) (ok bool, err error) {
	if len(hash) == 0 || len(password) > maxPassword {
		hash = p.none
	}
	err = p.turns.Take(c, func() { ok = bcrypt.CompareHashAndPassword(hash, []byte(password)) == nil })
	return ok, err
}
