package handlers

import "testing"

func TestPasswordsMatch(t *testing.T) {
	p := newPasswords()
	hash, err := p.hash("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		hash     []byte
		password string
		want     bool
	}{{hash, "correct horse", true}, {hash, "correct horsf", false}, {nil, "correct horse", false}, {nil, "", false}} {
		if ok := p.matches(row.hash, row.password); ok != row.want {
			t.Errorf("%q matches: %t; want %t", row.password, ok, row.want)
		}
	}
}
