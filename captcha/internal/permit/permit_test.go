package permit_test

import (
	"reflect"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/permit"
)

func TestNoLiteralIsAPermit(t *testing.T) {
	for _, literal := range []any{struct{}{}, struct{ _ byte }{}} {
		if reflect.TypeOf(literal).AssignableTo(reflect.TypeFor[permit.Solve]()) {
			t.Errorf("%T is taken for one", literal)
		}
	}
}
