package captcha_test

import (
	"errors"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
)

var errOutage = errors.New("connection refused")

// wide has room for long answers.
var wide = picture.Config{Width: 600, Height: 60}

// verify decides about a key and an answer as they were typed.
func verify(guard *captcha.Guard, key, value string) error {
	submission, err := guard.Submission(key, value, captcha.Visitor{})
	if err != nil {
		return err
	}
	return guard.Verify(ctx, submission)
}
