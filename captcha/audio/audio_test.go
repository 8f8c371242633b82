package audio_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/captcha/audio"
)

const everything = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

func TestSameSeedSameBytes(t *testing.T) {
	first, second := audio.Shared, audio.New()
	for _, language := range first.Languages() {
		want := mustSpeak(t, first, "B7KX", language, 1)
		if got := mustSpeak(t, second, "B7KX", language, 1); !bytes.Equal(got, want) {
			t.Errorf("%s: another Voice speaks other bytes", language)
		}
		if got := mustSpeak(t, first, "b7kx", language, 1); !bytes.Equal(got, want) {
			t.Errorf("%s: lower case speaks other bytes", language)
		}
	}
}

// Two sounds of one answer must not be alike: wherever one is laid upon the other, they are correlated no more than
// sounds of different answers are.
func TestOtherSeedOtherSound(t *testing.T) {
	v := audio.Shared
	for _, language := range []string{"en", "ru"} {
		var before []float64
		for seed := range byte(6) {
			sound := samples(mustSpeak(t, v, "B7KX", language, seed))
			if before != nil {
				if c := likeness(before, sound); c > 0.6 {
					t.Errorf("%s: seeds %d and %d correlate by %.2f", language, seed-1, seed, c)
				}
			}
			before = sound
		}
	}
}

// likeness is the greatest normalised correlation of an eighth of a second of a, one second in, with any place of b.
func likeness(a, b []float64) float64 {
	const length = 1000
	a = a[8000 : 8000+length]
	best := 0.0
	for at := 0; at+length <= len(b); at++ {
		var ab, aa, bb float64
		for i, x := range a {
			y := b[at+i]
			ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
		}
		best = max(best, math.Abs(ab)/math.Sqrt(aa*bb+1))
	}
	return best
}

func TestFileIsWAV(t *testing.T) {
	v := audio.Shared
	le := binary.LittleEndian
	for seed := range byte(4) {
		wav := mustSpeak(t, v, "2", "en", seed)
		size := le.Uint32(wav[40:])
		for _, field := range []struct {
			name      string
			got, want any
		}{
			{"RIFF", string(wav[0:4]), "RIFF"},
			{"length after the first 8 bytes", le.Uint32(wav[4:]), uint32(len(wav) - 8)},
			{"form", string(wav[8:16]), "WAVEfmt "},
			{"length of the format", le.Uint32(wav[16:]), uint32(16)},
			{"PCM", le.Uint16(wav[20:]), uint16(1)},
			{"channels", le.Uint16(wav[22:]), uint16(1)},
			{"samples a second", le.Uint32(wav[24:]), uint32(8000)},
			{"bytes a second", le.Uint32(wav[28:]), uint32(8000)},
			{"bytes a sample", le.Uint16(wav[32:]), uint16(1)},
			{"bits a sample", le.Uint16(wav[34:]), uint16(8)},
			{"data", string(wav[36:40]), "data"},
			{"length of the data, padded", 44 + size + size%2, uint32(len(wav))},
		} {
			if field.got != field.want {
				t.Errorf("seed %d: %s is %v, not %v", seed, field.name, field.got, field.want)
			}
		}
	}
}

// The length of a sound tells only how many letters it may have, and four letters fit into 100 KB.
func TestEverySoundIsAsLong(t *testing.T) {
	const mostBytes = 100_000
	v := audio.Shared
	want := len(mustSpeak(t, v, "AAAA", "en", 0))
	if want > mostBytes {
		t.Errorf("four letters take %d bytes, more than %d", want, mostBytes)
	}
	for _, language := range v.Languages() {
		for _, sign := range everything {
			for seed := range byte(2) {
				if size := len(mustSpeak(t, v, strings.Repeat(string(sign), 4), language, seed)); size != want {
					t.Errorf("%s: four times %c takes %d bytes, not %d", language, sign, size, want)
				}
			}
		}
	}
	roomy, err := v.Speak("B7KX", "en", 6, [32]byte{})
	if err != nil {
		t.Fatal(err)
	}
	if six := len(mustSpeak(t, v, "B7KXB7", "en", 0)); len(roomy) != six {
		t.Errorf("with room for six, four letters take %d bytes and six %d", len(roomy), six)
	}
}

// A sound has to be loud throughout: a letter left out would be a pause.
func TestNoLetterIsSilent(t *testing.T) {
	v := audio.New(audio.Config{Babble: -1})
	for _, language := range v.Languages() {
		for _, sign := range everything {
			const seeds = 4
			energy := 0.0
			for seed := range byte(seeds) {
				for _, s := range samples(mustSpeak(t, v, string(sign), language, seed)) {
					energy += s * s
				}
			}
			if seconds := energy / (20 * 20) / 8000 / seeds; seconds < 0.1 {
				t.Errorf("%s: %c sounds for only %.2f s at a quarter of the peak", language, sign, seconds)
			}
		}
	}
}

func TestBabbleIsAsLoudAsConfigured(t *testing.T) {
	// Peaks are brought to one height, so more babble makes the pauses before the first letter louder.
	level := func(babble int) (sum float64) {
		v := audio.New(audio.Config{Babble: babble})
		for seed := range byte(20) {
			for _, s := range samples(mustSpeak(t, v, "B7KX", "en", seed))[200:1600] {
				sum += s * s
			}
		}
		return sum
	}
	if silent, soft, loud := level(-1), level(40), level(80); silent != 0 || soft == 0 || loud < 2*soft {
		t.Errorf("before the first letter there is energy of %.0f without babble, %.0f with 40, %.0f with 80", silent, soft, loud)
	}
}

func TestSpeaks(t *testing.T) {
	v := audio.Shared
	for _, language := range v.Languages() {
		for _, sign := range everything + strings.ToLower(everything) {
			if !v.Speaks(sign, language) {
				t.Errorf("%s does not speak %q", language, sign)
			}
		}
	}
	for _, row := range []struct {
		sign     rune
		language string
		want     bool
	}{
		{'Ö', "de", true}, {'ü', "de", true}, {'Ö', "en", false},
		{'ñ', "es", true}, {'Ñ', "pt", false},
		{'Ж', "ru", true}, {'ё', "ru", true}, {'Ж', "de", false},
		{'-', "en", false}, {' ', "en", false}, {0, "en", false}, {1, "en", false},
		{'A', "sv", false}, {'A', "", false}, {'A', "EN", false},
	} {
		if got := v.Speaks(row.sign, row.language); got != row.want {
			t.Errorf("Speaks(%q, %q) = %v", row.sign, row.language, got)
		}
		if _, err := v.Speak(string(row.sign), row.language, 0, [32]byte{}); (err == nil) != row.want {
			t.Errorf("Speak(%q, %q): %v", row.sign, row.language, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	v := audio.New(audio.Config{Languages: []string{"pt", "ru"}})
	if got := v.Languages(); !slices.Equal(got, []string{"pt", "ru"}) {
		t.Errorf("Languages() = %q", got)
	}
	for _, row := range []struct{ text, language, want string }{
		{"A", "en", `the voice does not speak the language "en"; it speaks ["pt" "ru"]`},
		{"AB?C", "pt", `letter 3 of 4 cannot be spoken in language "pt"`},
		{"", "pt", "can't speak 0 letters; accepted: 1 to 64"},
		{strings.Repeat("A", 65), "pt", "can't speak 65 letters; accepted: 1 to 64"},
		{"A\xff", "pt", "cannot be spoken"},
	} {
		wav, err := v.Speak(row.text, row.language, 0, [32]byte{})
		if err == nil || !strings.Contains(err.Error(), row.want) || wav != nil {
			t.Errorf("Speak(%q, %q): %d bytes, error %v; want %q", row.text, row.language, len(wav), err, row.want)
		}
	}
}

func TestImpossibleConfigPanics(t *testing.T) {
	for _, row := range []struct {
		cfg  audio.Config
		want string
	}{
		{audio.Config{Languages: []string{"en", "xx"}}, `"xx"`},
		{audio.Config{Babble: 201}, "201"},
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, row.want) {
					t.Errorf("New(%+v) panics with %q, without %q", row.cfg, got, row.want)
				}
			}()
			audio.New(row.cfg)
		}()
	}
}

func TestConcurrentUse(t *testing.T) {
	shared, alone := audio.New(), audio.Shared // shared also decodes its recordings among others
	want := make([][]byte, 8)
	for i := range want {
		want[i] = mustSpeak(t, alone, "B7KX", "fr", byte(i))
	}
	var group sync.WaitGroup
	for i := range want {
		group.Go(func() {
			wav, err := shared.Speak("B7KX", "fr", 0, [32]byte{byte(i)})
			if err != nil || !bytes.Equal(wav, want[i]) {
				t.Errorf("seed %d spoken among others: %d bytes, error %v", i, len(wav), err)
			}
		})
	}
	group.Wait()
}

func TestEmbeddedSize(t *testing.T) {
	const most = 5_000_000
	files, err := fs.Glob(os.DirFS("recordings"), "*.voices")
	if err != nil || len(files) != len(audio.ConfigDefault.Languages) {
		t.Fatalf("recordings: %q, %v", files, err)
	}
	total := int64(0)
	for _, file := range files {
		info, err := os.Stat("recordings/" + file)
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
	}
	if total > most {
		t.Errorf("the recordings take %d bytes, more than %d", total, most)
	}
}

// The memory that a process keeps once it has spoken every language.
func TestMemoryOfEveryLanguage(t *testing.T) {
	const most = 21_000_000
	kept := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC() // what a sync.Pool holds is gone after two
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := kept()
	v := audio.New()
	for _, language := range v.Languages() {
		mustSpeak(t, v, "B7KX", language, 1)
	}
	bytes := kept() - before
	runtime.KeepAlive(v)
	t.Logf("%d languages keep %d bytes", len(v.Languages()), bytes)
	if bytes > most {
		t.Errorf("more than %d", most)
	}
}

func FuzzSpeak(f *testing.F) {
	f.Add("B7KX", "en", []byte("seed"))
	f.Add("жЩ9", "ru", []byte{})
	f.Add("\xff\x00", "xx", []byte{0})
	v := audio.Shared
	f.Fuzz(func(t *testing.T, text, language string, random []byte) {
		var seed [32]byte
		copy(seed[:], random)
		wav, err := v.Speak(text, language, 0, seed)
		if (err == nil) != (len(wav) > 44) {
			t.Errorf("%d bytes with error %v", len(wav), err)
		}
	})
}

func BenchmarkSpeak(b *testing.B) {
	v := audio.Shared
	mustSpeak(b, v, "A", "en", 0) // decodes the recordings
	b.ReportAllocs()
	total := 0
	for i := 0; b.Loop(); i++ {
		text := []byte{everything[i%36], everything[i/3%36], everything[i/7%36], everything[i/11%36]}
		total += len(mustSpeak(b, v, string(text), "en", byte(i)))
	}
	b.ReportMetric(float64(total)/float64(b.N), "bytes/file")
}

func ExampleVoice_Speak() {
	v := audio.New()
	seed := [32]byte{} // from crypto/rand, and kept with the challenge
	wav, err := v.Speak("B7KX", "en", 0, seed)
	fmt.Println(string(wav[:4]), err)
	// Output: RIFF <nil>
}

func mustSpeak(t testing.TB, v *audio.Voice, text, language string, seed byte) []byte {
	t.Helper()
	wav, err := v.Speak(text, language, 0, [32]byte{seed})
	if err != nil {
		t.Fatal(err)
	}
	return wav
}

// samples are those of a file, from -128 to 127.
func samples(wav []byte) []float64 {
	out := make([]float64, len(wav)-44)
	for i, b := range wav[44:] {
		out[i] = float64(b) - 128
	}
	return out
}
