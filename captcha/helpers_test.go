package captcha_test

import (
	"errors"

	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
)

var errOutage = errors.New("connection refused")

// wide has room for long answers.
var wide = picture.Config{Width: 600, Height: 60}
