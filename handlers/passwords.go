package handlers

import (
	"crypto/rand"
	"runtime"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/crypto/bcrypt"

	"github.com/fibercaptcha/fibercaptcha/handlers/web"
)

// passwords hashes on at most half of the processors. A hash takes a processor for a twentieth of a second, and a flood
// of logins from many addresses must not slow the rest of the site down.
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

// inTurn does work that ends in a hash, or returns web.ErrBusy before beginning it. The captcha is verified as a part
// of the work, so that a visitor for whom there is no time keeps the solved captcha, and the try is not counted.
func (p *passwords) inTurn(c *fiber.Ctx, work func() error) error { return p.turns.Take(c, work) }

func (p *passwords) hash(password string) ([]byte, error) {
	return bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
}

// matches takes equally long whether or not there is a hash that could match.
func (p *passwords) matches(hash []byte, password string) bool {
	if len(hash) == 0 || len(password) > maxPassword {
		hash = p.none
	}
	return bcrypt.CompareHashAndPassword(hash, []byte(password)) == nil
}
