package picture_test

import (
	"bytes"
	"image/png"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
)

func mustNew(t testing.TB, c picture.Config, alphabet string, length int) *picture.Renderer {
	t.Helper()
	r, err := picture.New(c, alphabet, length)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSameSeedSameBytes(t *testing.T) {
	r := mustNew(t, picture.Config{}, picture.Alphabet, 4)
	for i := range byte(100) {
		a, b := r.Append(nil, "ABCD", [32]byte{i}), r.Append(nil, "ABCD", [32]byte{i})
		if !bytes.Equal(a, b) {
			t.Fatalf("seed %d draws two pictures", i)
		}
		img, err := png.Decode(bytes.NewReader(a))
		if err != nil {
			t.Fatal(err)
		}
		if w, h := img.Bounds().Dx(), img.Bounds().Dy(); w != 90 || h != 40 {
			t.Fatalf("%d x %d", w, h)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, c := range []struct {
		name   string
		config picture.Config
		text   string
	}{
		{"90x40x4", picture.Config{}, "R7KX"},
		{"240x80x6", picture.Config{Width: 240, Height: 80}, "R7KXAB"},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := mustNew(b, c.config, picture.Alphabet, len(c.text))
			b.ReportAllocs()
			var size int
			var dst []byte
			for i := range byte(200) { // A style's first picture makes its codes.
				dst = r.Append(dst[:0], c.text, [32]byte{i})
			}
			b.ResetTimer()
			for i := 0; b.Loop(); i++ {
				dst = r.Append(dst[:0], c.text, [32]byte{byte(i), byte(i >> 8)})
				size += len(dst)
			}
			b.ReportMetric(float64(size)/float64(b.N), "B/picture")
		})
	}
}
