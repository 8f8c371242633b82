package picture_test

import (
	"bytes"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
)

func TestWithDrawsAsNewDoes(t *testing.T) {
	base := mustNew(t, picture.Config{}, picture.Alphabet, 4)
	for _, c := range []picture.Config{{}, {Width: 240, Height: 80}, {Scale: 2, Styles: []picture.Style{picture.Hollow}}} {
		other, err := base.With(c, 6)
		if err != nil {
			t.Fatal(err)
		}
		want := mustNew(t, c, picture.Alphabet, 6)
		for seed := range byte(20) {
			if !bytes.Equal(other.Append(nil, "R5KWAB", [32]byte{seed}), want.Append(nil, "R5KWAB", [32]byte{seed})) {
				t.Fatalf("%+v: seed %d draws another picture than New's", c, seed)
			}
		}
	}
	if _, err := base.With(picture.Config{Width: 5}, 4); err == nil {
		t.Error("With took a width of 5")
	}
}

func TestWithKeepsTheFonts(t *testing.T) {
	base := mustNew(t, picture.Config{}, picture.Alphabet, 4)
	other, err := base.With(picture.Config{Fonts: [][]byte{[]byte("no font")}}, 4)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(other.Append(nil, "R5KW", [32]byte{}), base.Append(nil, "R5KW", [32]byte{})) {
		t.Error("With changed the fonts")
	}
}
