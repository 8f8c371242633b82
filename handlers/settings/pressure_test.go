package settings_test

import (
	"net/netip"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/handlers/settings"
)

// The levels of a client in whose network every guess failed, of one who did nothing, and of the office.
func TestPressure(t *testing.T) {
	for lines, want := range map[[2]string][3]int{
		{}: {3, 0, 3},
		{"CAPTCHA_PRESSURE=auto", "CAPTCHA_PRESSURE_EXEMPT=10.0.0.0/8"}: {3, 0, 0},
		{"CAPTCHA_PRESSURE=0"}: {0, 0, 0},
		{"CAPTCHA_PRESSURE=2", "CAPTCHA_PRESSURE_EXEMPT=2001:db8::/32, 10.1.2.3"}: {2, 2, 0},
	} {
		read, err := settings.Parse(lines[:])
		if err != nil {
			t.Fatal(err)
		}
		p, clients := read.Pressure(), [3]string{"192.0.2.1", "198.51.100.1", "10.1.2.3"}
		for range 100 {
			p.Record(netip.MustParseAddr(clients[0]), captcha.Wrong)
			p.Record(netip.MustParseAddr(clients[2]), captcha.Wrong)
		}
		for i, client := range clients {
			if got := p.Level(netip.MustParseAddr(client)); got != want[i] {
				t.Errorf("%q: %s is at level %d, want %d", lines, client, got, want[i])
			}
		}
		// The site's forms work without script at every level.
		for _, step := range p.Steps() {
			if step.Both {
				t.Errorf("%+v", step)
			}
		}
	}
	read, err := settings.Parse([]string{"CAPTCHA_PRESSURE=off"})
	if err != nil || read.Pressure() != nil {
		t.Errorf("%v, %v", read.Pressure(), err)
	}
}
