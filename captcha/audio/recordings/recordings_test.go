package recordings

import (
	"slices"
	"testing"
)

// Opened and written again, a file is the same to the byte, and so is what it says.
func TestMarshal(t *testing.T) {
	for _, language := range Languages() {
		clips, err := Open(language)
		if err != nil {
			t.Fatal(err)
		}
		file := Marshal(clips)
		if string(file) != files[language] {
			t.Errorf("%s is written differently", language)
		}
		if again, err := Unmarshal(string(file)); err != nil || !slices.Equal(again, clips) {
			t.Errorf("%s is read differently: %v", language, err)
		}
	}
}

func TestBadFiles(t *testing.T) {
	clip := func(sign rune, samples ...int16) Clip {
		c := NewClip(samples)
		c.Sign = sign
		return c
	}
	file := Marshal([]Clip{clip('A', 0, 900, -900), clip('B', 0, 900, -900)})
	if clips, err := Unmarshal(string(file)); err != nil || !slices.Equal(clips[1].Append(nil), clips[0].Append(nil)) {
		t.Fatalf("a clip again is not the same: %v", err)
	}
	const second = 1 + 4 // the number of clips and the first one
	for name, bad := range map[string][]byte{
		"cut off":            file[:len(file)-1],
		"its own again":      slices.Replace(slices.Clone(file), second+4, second+5, 1),
		"a later one again":  slices.Replace(slices.Clone(file), second+4, second+5, 7),
		"of another length":  slices.Replace(slices.Clone(file), second+3, second+4, 1),
		"a number too large": slices.Replace(slices.Clone(file), second+4, second+5, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
	} {
		if _, err := Unmarshal(string(bad)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Every voice says what the others say, and none in the same way: voices that sound alike are one voice.
func TestVoicesDiffer(t *testing.T) {
	for _, language := range Languages() {
		clips, err := Open(language)
		if err != nil {
			t.Fatal(err)
		}
		voices := 1 + slices.MaxFunc(clips, func(a, b Clip) int { return a.Voice - b.Voice }).Voice
		if voices != 4 {
			t.Errorf("%s has %d voices", language, voices)
		}
		said := make(map[string]int)
		for _, c := range clips {
			if voice, ok := said[c.codes]; ok && voice != c.Voice {
				t.Errorf("%s: voice %d says %q as voice %d does", language, c.Voice, c.Sign, voice)
				break
			}
			said[c.codes] = c.Voice
		}
	}
}

// No two of A to Z and 0 to 9 have a name or a word in common, and what is said between a letter and its word is
// neither.
func TestItemsSoundApart(t *testing.T) {
	for _, language := range Languages() {
		clips, err := Open(language)
		if err != nil {
			t.Fatal(err)
		}
		said := make(map[string]Clip)
		for _, c := range clips {
			if c.Sign > 'Z' {
				continue
			}
			if other, ok := said[c.codes]; ok {
				t.Errorf("%s: kind %d of %q sounds as kind %d of %q does", language, c.Kind, c.Sign, other.Kind, other.Sign)
			}
			said[c.codes] = c
		}
	}
}
