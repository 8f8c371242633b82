package picture

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

// letters splits an alphabet into letters. It refuses those that can't be read, or typed as they are drawn, when they
// are drawn one by one from left to right.
func letters(alphabet string) ([]rune, error) {
	if alphabet == "" {
		return nil, setting.Refuse("Alphabet", alphabet, "one letter or more")
	}
	if !utf8.ValidString(alphabet) {
		return nil, setting.Refuse("Alphabet", alphabet, "valid UTF-8")
	}
	for _, kind := range unusable {
		if found := those(alphabet, kind.holds); found != "" {
			return nil, setting.Refuse("Alphabet", alphabet, "an alphabet without %+q: %s", found, kind.reason)
		}
	}
	return []rune(alphabet), nil
}

func those(alphabet string, holds func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if holds(r) {
			return r
		}
		return -1
	}, alphabet)
}

// unusable has the kinds of letters that can't be used, and what is wrong with them. The error names the first kind
// that is found.
var unusable = []struct {
	holds  func(rune) bool
	reason string
}{
	{unicode.IsMark, "a mark can't be read or typed without the letter that carries it; give the letter with its mark as one character"},
	{
		func(r rune) bool {
			return unicode.In(r, unicode.Z, unicode.Cc, unicode.Cf, unicode.Co)
		},
		"spaces and characters without a shape of their own can't be seen",
	},
	{
		func(r rune) bool { return unicode.Is(rightToLeft, r) && !unicode.Is(arabicDigits, r) },
		"letters are drawn separately and from left to right, which nobody can read in a script that runs from right to left",
	},
	{
		func(r rune) bool { return unicode.In(r, unicode.Mongolian, unicode.Phags_Pa) },
		"letters are drawn separately and side by side, which nobody can read in a script that runs downwards",
	},
	{
		func(r rune) bool { return unicode.Is(retyped, r) },
		"keyboards produce another character in its place, so the right answer would be refused",
	},
}

// rightToLeft is where Unicode has scripts that run from right to left, and where it will put new ones: the ranges
// whose default Bidi_Class is R or AL.
var rightToLeft = &unicode.RangeTable{
	R16: []unicode.Range16{{0x0590, 0x08ff, 1}, {0xfb1d, 0xfdff, 1}, {0xfe70, 0xfeff, 1}},
	R32: []unicode.Range32{{0x10800, 0x10fff, 1}, {0x1e800, 0x1efff, 1}},
}

// arabicDigits are the Arabic and Persian digits, which run from left to right.
var arabicDigits = &unicode.RangeTable{R16: []unicode.Range16{{0x0660, 0x0669, 1}, {0x06f0, 0x06f9, 1}}}

// retyped are characters that are canonically equal to others, and people type the others: parts of Korean syllables,
// the signs for ohm, kelvin and angstrom, and ideographs that are encoded twice.
var retyped = &unicode.RangeTable{
	R16: []unicode.Range16{{0x1100, 0x11ff, 1}, {0x2126, 0x2126, 1}, {0x212a, 0x212b, 1}, {0xf900, 0xfaff, 1}},
	R32: []unicode.Range32{{0x2f800, 0x2fa1f, 1}},
}

// Unwise returns what visitors will stumble over in an alphabet that can be drawn, as sentences for a log. It finds
// letters that look alike once they are turned and bent, and letters of two scripts that have the same shape. A letter
// is not unwise merely because a script that the alphabet also uses has its twin: a visitor who types the twin is
// understood.
func Unwise(alphabet string) (sentences []string) {
	for _, group := range lookAlikes {
		found := those(alphabet, func(r rune) bool { return strings.ContainsRune(group, r) })
		if distinct(found) > 1 {
			sentences = append(sentences, fmt.Sprintf("visitors may mistake these letters for each other: %q", found))
		}
	}
	for _, group := range twins {
		var present []string
		for i, r := range []rune(group) {
			if r != ' ' && strings.ContainsRune(alphabet, r) {
				present = append(present, fmt.Sprintf("%c (%s)", r, twinScripts[i]))
			}
		}
		if len(present) > 1 {
			sentences = append(sentences, "these letters have the same shape, so nobody can tell which one is drawn: "+strings.Join(present, ", "))
		}
	}
	return sentences
}

// distinct counts the letters that differ in an answer, where upper and lower case are the same.
func distinct(letters string) int {
	seen := map[rune]bool{}
	for _, r := range letters {
		seen[unicode.ToUpper(r)] = true
	}
	return len(seen)
}

// lookAlikes are the groups of which Alphabet has one letter each, with small letters of the same shapes, and groups of
// small letters.
var lookAlikes = []string{"0OoQD", "1IilT7|", "2Zz", "5Ss6", "A4", "B8", "CGc", "6Gb", "EF", "KXkx", "VYvy", "UVuv", "9gq", "nu", "ij"}

// twins are letters drawn alike in Latin, Greek and Cyrillic, in this order. A space means that the script has none.
var twins = []string{"A\u0391\u0410", "B\u0392\u0412", "C \u0421", "E\u0395\u0415", "H\u0397\u041d", "I\u0399\u0406", "J \u0408", "K\u039a\u041a",
	"M\u039c\u041c", "N\u039d ", "O\u039f\u041e", "P\u03a1\u0420", "S \u0405", "T\u03a4\u0422", "X\u03a7\u0425", "Y\u03a5\u04ae", "Z\u0396 ",
	" \u0393\u0413", " \u03a0\u041f", " \u03a6\u0424",
	"a \u0430", "c \u0441", "e \u0435", "i \u0456", "j \u0458", "o\u03bf\u043e", "p\u03c1\u0440", "s \u0455", "v\u03bd ", "x\u03c7\u0445", "y \u0443"}

var twinScripts = [...]string{"Latin", "Greek", "Cyrillic"}
