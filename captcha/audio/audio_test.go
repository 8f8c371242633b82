package audio_test

import (
	"testing"

	"github.com/fibercaptcha/fibercaptcha/captcha/audio"
)

func BenchmarkSpeak(b *testing.B) {
	v := audio.New()
	b.ReportAllocs()
	var seed [32]byte
	size := 0
	for i := range b.N {
		seed[0], seed[1] = byte(i), byte(i>>8)
		wav, err := v.Speak("B7KX", "en", seed)
		if err != nil {
			b.Fatal(err)
		}
		size = max(size, len(wav))
	}
	b.ReportMetric(float64(size), "bytes")
}

func TestSameSeedSameBytes(t *testing.T) {
	v := audio.New()
	for _, language := range v.Languages() {
		first, err := v.Speak("B7KX", language, [32]byte{1})
		if err != nil {
			t.Fatal(err)
		}
		again, _ := v.Speak("b7kx", language, [32]byte{1})
		other, _ := v.Speak("B7KX", language, [32]byte{2})
		if string(first) != string(again) || string(first) == string(other) {
			t.Errorf("%s: the sound does not follow from text and seed alone", language)
		}
	}
}
