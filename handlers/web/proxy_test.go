package web_test

import (
	"strings"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/handlers/web"
)

func TestProxiesRefuse(t *testing.T) {
	for _, text := range []string{"", "proxy", "10.0.0.0/33", "10.0.0.1,,10.0.0.2", "10.0.0.0-10.0.0.9", "0.0.0.0/0", "::/0"} {
		var proxies web.Proxies
		if err := proxies.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), "must be ") {
			t.Errorf("%q: error is %v, want one that says what is accepted", text, err)
		}
	}
}
