package siteverify_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/siteverify"
)

// A server for one shop. Its backend asks with a secret that is not the shop's, and is told so.
func Example() {
	guard, app := captcha.New(), fiber.New()
	siteverify.New(siteverify.Config{Guard: guard, Sites: []siteverify.Site{{
		Key:     "shop",
		Secrets: []string{"0123456789abcdef0123456789abcdef"}, // openssl rand -hex 32
		Origins: []string{"https://shop.example"},
	}}}).Register(app)
	guard.Register(app)

	request := httptest.NewRequest(http.MethodPost, "/api/siteverify", strings.NewReader("secret=guessed&response=copied"))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	reply, err := app.Test(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := io.ReadAll(reply.Body)
	fmt.Println(string(text), err)
	// Output:
	// {"success":false,"error-codes":["invalid-input-secret"]} <nil>
}
