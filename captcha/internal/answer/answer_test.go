package answer_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/answer"
	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

const (
	digits   = "0123456789"
	latin    = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	cyrillic = "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ"
	greek    = "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ"
	turkish  = "ABCÇDEFGĞHIİJKLMNOÖPRSŞTUÜVYZ"
)

func mustNew(t testing.TB, letters string) *answer.Alphabet {
	t.Helper()
	a, err := answer.New(letters)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestWhatCounts is the table of what is accepted for what. Characters that can't be told apart in print are escaped.
func TestWhatCounts(t *testing.T) {
	const right, wrong = true, false
	for _, row := range []struct {
		letters, answer, typed string
		want                   bool
		why                    string
	}{
		// The default alphabet, which has one letter of each group of look-alikes.
		{picture.Alphabet, "K3RW", "K3RW", right, "to the letter"},
		{picture.Alphabet, "K3RW", "k3rw", right, "lower case"},
		{picture.Alphabet, "K3RW", "Ｋ３ｒｗ", right, "full width"},
		{picture.Alphabet, "K3RW", " K3 R\u00a0W\u3000", right, "spaces"},
		{picture.Alphabet, "K3RW", "K3\tRW\r\n", right, "a tab and the end of a line"},
		{picture.Alphabet, "K3RW", "\ufeffK\u200b3\u200cR\u200dW\u2060", right, "zero width, pasted"},
		{picture.Alphabet, "K3RW", "K3\u00adRW", right, "a soft hyphen"},
		{picture.Alphabet, "K3RW", "\u202aK3RW\u202c\u200e", right, "marks of direction"},
		{picture.Alphabet, "K3RW", "K3\ufe0fRW\U000e0100", right, "variation selectors"},
		{picture.Alphabet, "K3RW", "\u212a3RW", right, "the Kelvin sign, which Unicode has as a double of K"},
		{picture.Alphabet, "K3RW", "К3RW", right, "Cyrillic К"},
		{picture.Alphabet, "HABEP", "навер", right, "Cyrillic letters of the same shape in capitals"},
		{picture.Alphabet, "HABEP", "ηαβερ", right, "Greek ones"},
		{picture.Alphabet, "K235", "K٢٣٥", right, "Arabic digits"},
		{picture.Alphabet, "K235", "K२३५", right, "Devanagari digits"},
		{picture.Alphabet, "K235", "K۲۳۵", right, "Persian digits"},
		{picture.Alphabet, "K235", "k𝟐𝟛𝟻", right, "mathematical digits"},
		{picture.Alphabet, "2553", "zs6З", right, "Z, S and 6 for digits that are mistaken for them, Cyrillic З"},
		{picture.Alphabet, "BCDD", "8GO0", right, "8, G, O and 0 for letters that are mistaken for them"},
		{picture.Alphabet, "AEKT", "4fx1", right, "4, F, X and 1 too"},
		{picture.Alphabet, "TTTL", "iıİl", right, "an i, with a dot and without, and a small l, which is L's"},
		{picture.Alphabet, "K3RW", "K3RV", wrong, "another letter, which is in no group"},
		{picture.Alphabet, "K3RW", "H3RW", wrong, "another letter of the alphabet"},
		{picture.Alphabet, "K3RW", "3KRW", wrong, "another order"},
		{picture.Alphabet, "K3RW", "K3RWW", wrong, "a letter too many"},
		{picture.Alphabet, "K3RW", "K3R", wrong, "a letter too few"},
		{picture.Alphabet, "K3RW", "", wrong, "nothing"},
		{picture.Alphabet, "K3RW", "K3-RW", wrong, "a dash"},
		{picture.Alphabet, "K3RW", "K3\u2011RW", wrong, "a dash that does not break"},
		{picture.Alphabet, "K3RW", "K3RW.", wrong, "a full stop"},
		{picture.Alphabet, "K3RW", "K3RW\x00", wrong, "a control character"},
		{picture.Alphabet, "K3RW", "K3R\xffW", wrong, "a byte that is no character"},
		{picture.Alphabet, "KERW", "KÉRW", wrong, "a mark on a letter without one"},
		{picture.Alphabet, "KERW", "KE\u0301RW", wrong, "the same in parts"},
		{picture.Alphabet, "KERW", "KE\u0338RW", wrong, "a letter struck through"},
		{picture.Alphabet, "KARW", "KÆRW", wrong, "a letter that is two"},
		{picture.Alphabet, "K3RW", "KЖRW", wrong, "a letter of another script that looks like none here"},
		{picture.Alphabet, "K3RW", "K³RW", wrong, "a raised digit"},

		// All of Latin, and digits with it.
		{latin, "KISS", "ki\u017f\u0455", right, "a long s, which is an s, and a Cyrillic one"},
		{latin, "IIII", "ıİi\u0131", right, "dotted and dotless"},
		{latin, "IIII", "i\u0307I\u0307іι", right, "a dot as a mark, Ukrainian і, Greek iota"},
		{latin, "NOSE", "N05Е", right, "0 and 5 where there are none"},
		{latin, "NOSE", "ΝΟЅΕ", right, "Greek and Cyrillic"},
		{latin, "ABCEHIJKMOPQSTWXY", "авсенӏјкморԛѕтԝху", right, "all of Cyrillic that looks like Latin"},
		{latin, "ABEHIJKMNOPTXYZC", "αβεηιϳκμνορτχυζϲ", right, "all of Greek that does"},
		{latin, "YO", "ҮՕ", right, "Kazakh Ү, Armenian Օ"},
		{"ƏÆĐ", "ƏÆĐĐ", "әӕðɖ", right, "letters of more languages that look alike"},
		{latin, "BIZ", "81Ζ", right, "8 and 1 where there are none"},
		{latin, "OQ", "DQ", wrong, "D for O where there are both"},
		{latin, "EF", "FF", wrong, "F for E where there are both"},
		{latin, "CG", "СС", wrong, "C for G where there are both, in Cyrillic"},
		{latin, "LI", "1I", wrong, "1 for a capital L"},
		{latin + digits, "O0", "00", wrong, "0 for O where there are both"},
		{latin + digits, "S5", "55", wrong, "5 for S where there are both"},
		{latin + digits, "I1", "11", wrong, "1 for I where there are both"},
		{latin + digits, "L1", "l1", right, "a small l, which is L's"},
		{latin + digits, "11", "l1", wrong, "a small l for 1 where there is an L"},
		{strings.ToLower(latin), "kiss", "KISS", right, "capitals for an alphabet of small letters"},
		{strings.ToLower(latin), "oxy", "0ху", right, "0 and Cyrillic letters for small ones"},
		{strings.ToLower(latin), "l", "1", right, "1 for a small l"},
		{"0l", "l0", "iO", right, "a dotted i where there is only a small l"},

		// Cyrillic.
		{cyrillic, "ЖЁЛТЫЙ", "жёлтый", right, "lower case"},
		{cyrillic, "ЖЁЛТЫЙ", "ЖЕ\u0308ЛТЫИ\u0306", right, "in parts"},
		{cyrillic, "ЖЁЛТЫЙ", "жe\u0308лtый", right, "in parts, with Latin letters"},
		{cyrillic, "МЁД", "MËД", right, "Latin letters, one with its mark"},
		{cyrillic, "АВЕКМНОРСТХ", "abekmhopctx", right, "Latin small letters"},
		{cyrillic, "АВЕ", "ＡＢＥ", right, "Latin letters in full width"},
		{cyrillic, "ГПФ", "γπφ", right, "Greek"},
		{cyrillic, "ЗЧБО", "3460", right, "digits where there are none"},
		{cyrillic, "МЁД", "МЕД", wrong, "Е for Ё where there are both"},
		{cyrillic, "МЕД", "МЁД", wrong, "Ё for Е"},
		{cyrillic, "ЙОД", "ИОД", wrong, "И for Й"},
		{cyrillic, "ЙОД", "И\u0308ОД", wrong, "И with another mark"},
		{cyrillic, "ШУТ", "ЩУТ", wrong, "another letter"},
		{cyrillic, "ЬЪ", "ЪЬ", wrong, "letters that are much alike, and both there"},
		{cyrillic, "ЯР", "RР", wrong, "a letter turned over"},
		{cyrillic, "МЁД", "МЁ-Д", wrong, "a dash"},
		{cyrillic, "МЁД", "МЁДД", wrong, "a letter too many"},
		{cyrillic, "ХАТА", "КАТА", wrong, "К for Х where there are both"},
		{"АБІЇЙ", "ЇЙІ", "ïйi", right, "Ukrainian, with Latin i"},

		// Digits alone.
		{digits, "405162", "405162", right, "to the letter"},
		{digits, "405162", "40 51 62", right, "in groups"},
		{digits, "405162", "４０５１６２", right, "full width"},
		{digits, "405162", "٤٠٥١٦٢", right, "Arabic"},
		{digits, "405162", "๔๐๕๑๖๒", right, "Thai"},
		{digits, "0512", "oslz", right, "small letters that look like digits"},
		{digits, "0512", "ОЅІZ", right, "capitals, Cyrillic and Latin"},
		{digits, "3468", "ЗЧБВ", right, "Cyrillic letters that look like digits"},
		{digits, "00", "DQ", right, "D and Q, of which 0 is the only one here"},
		{digits, "111", "iıİ", right, "an i of any kind"},
		{digits, "405162", "405163", wrong, "another digit"},
		{digits, "405162", "40516", wrong, "a digit too few"},
		{digits, "405162", "4051622", wrong, "a digit too many"},
		{digits, "405162", "405-162", wrong, "a dash"},
		{digits, "405162", "405.162", wrong, "a point"},
		{digits, "405162", "405,162", wrong, "a comma"},
		{digits, "405162", "+405162", wrong, "a sign"},
		{digits, "6", "S", wrong, "S for 6 where 5 is nearer"},
		{digits, "7", "T", wrong, "T, which might be 7 or 1"},
		{digits, "1", "T", wrong, "T, which might be 7 or 1"},
		{digits, "12", "½", wrong, "a fraction"},
		{digits, "5", "五", wrong, "a number that is no decimal digit"},
		{digits, "5", "⑤", wrong, "a digit in a circle"},
		{"٠١٢٣٤٥٦٧٨٩", "٥٠", "50", right, "an alphabet of Arabic digits, the usual ones typed"},
		{"٠١٢٣٤٥٦٧٨٩", "٥٠", "۵۰", right, "Persian ones typed"},

		// Other alphabets.
		{greek, "ΣΑΣ", "σας", right, "both small sigmas"},
		{greek, "ΑΩ", "A\u2126", right, "Latin A and the Ohm sign"},
		{greek, "ΑΩ", "ΆΩ", wrong, "an accent"},
		{greek, "ΓΘΠΦ", "гөпф", right, "Cyrillic"},
		{latin + "ß", "ß", "ẞ", right, "the capital of ß"},
		{turkish, "IİIİ", "ıiIİ", right, "Turkish case"},
		{turkish, "İ", "I\u0307", right, "a dot as a mark"},
		{turkish, "I", "i", wrong, "a dotted i for a dotless one where there are both"},
		{turkish, "İ", "ı", wrong, "and the other way round"},
		{turkish, "ŞĞ", "s\u0327g\u0306", right, "in parts"},
		{turkish, "ŞS", "SS", wrong, "S for Ş"},
		{"ĂÂÎȘȚ", "ȘȚ", "şţ", right, "cedillas on a Romanian keyboard"},
		{"ĂÂÊÔƠƯẬỘ", "ẬỘ", "â\u0323o\u0323\u0302", right, "Vietnamese, with its marks in either order"},
		{"ÁÉÍÓÚ", "Í", "i\u0301", right, "an accent in place of the dot"},
		{"ÁÉÍÓÚ", "Í", "i\u0307\u0301", right, "an accent over the dot"},
		{"ÁÉÍÓÚ", "ÉÉ", "EÉ", wrong, "an accent left out"},
		{"ÅÄÖ", "Å", "\u212b", right, "the Ångström sign"},
		{"가나다각", "각나", "\u1100\u1161\u11a8\u1102\u1161", right, "Hangul in parts"},
		{"가나다각", "가", "각", wrong, "a consonant too many"},
		{"アカガハパ", "ガパ", "ｶﾞﾊﾟ", right, "half width katakana"},
		{"アカガハパ", "ガ", "カ", wrong, "without its voice"},
	} {
		a := mustNew(t, row.letters)
		if got, turned := a.Same(row.answer, row.typed), a.Same(row.typed, row.answer); got != row.want || turned != got {
			t.Errorf("%s: %+q typed for %s of %s: %v, and the other way round %v, want %v",
				row.why, row.typed, row.answer, row.letters, got, turned, row.want)
		}
	}
}

// Every group of capitals and digits that readers mistake for each other is one letter of the default alphabet. 9, V
// and Y are in none.
func TestLookAlikesOfTheDefaultAlphabet(t *testing.T) {
	a := mustNew(t, picture.Alphabet)
	if got, want := a.Form(digits+latin), "DT23A55TB9"+"ABCDEECHTJKLMNDPDR5TUVWKY2"; got != want {
		t.Errorf("%s are\n%s, want\n%s", digits+latin, got, want)
	}
}

// An answer of a guard with another alphabet, or one that an app set, is compared as leniently.
func TestAnswersOfOtherLetters(t *testing.T) {
	a := mustNew(t, "23")
	for _, row := range []struct {
		answer, typed string
		want          bool
	}{
		{"KIWI", "kiwi", true},
		{"VIP", "ｖıp", true},
		{"ЖЁ", "жё", true},
		{"KIWI", "KIVI", false},
		{"", "", false},
		{"", "\u200b", false},
		{"AB", "AB\x00", false},
		{strings.Repeat("A", answer.MaxTyped), strings.Repeat("a", answer.MaxTyped), true},
		{strings.Repeat("A", answer.MaxTyped+1), strings.Repeat("A", answer.MaxTyped+1), false},
		{"A", "A" + strings.Repeat(" ", answer.MaxTyped-1), true},
		{"A", "A" + strings.Repeat(" ", answer.MaxTyped), false},
	} {
		if got := a.Same(row.answer, row.typed); got != row.want {
			t.Errorf("%q typed for %q: %v", row.typed, row.answer, got)
		}
	}
}

func TestLength(t *testing.T) {
	a := mustNew(t, "ABCÉ")
	for _, row := range []struct {
		typed string
		want  int
	}{
		{"", 0},
		{" \t\u200b\ufeff", 0},
		{" a b c ", 3},
		{"e\u0301\u00adé", 2},
		{"E\u0301\u0301", 3}, // no letter, and therefore as it is
		{"a-b", 3},
		{"a\u06dd", 2}, // a format that is seen, around numbers
		{"👍", 1},
		{"A" + strings.Repeat(" ", 63), 1},
		{"A" + strings.Repeat(" ", 64), 65},
		{strings.Repeat("e\u0301", 32), 32},
		{strings.Repeat("e\u0301", 33), 66},
	} {
		if got := a.Length(row.typed); got != row.want {
			t.Errorf("%+q: %d, want %d", row.typed, got, row.want)
		}
	}
}

func TestAlphabetsThatAreRefused(t *testing.T) {
	for _, row := range []struct{ letters, want string }{
		{"", `setting Alphabet is ""; accepted: 2 to 255 letters, not 0`},
		{"A", "2 to 255 letters, not 1"},
		{string(many(256)), "2 to 255 letters, not 256"},
		{"A\xff", `"A\xff"; accepted: letters in UTF-8`},
		{"A B", "' '"},
		{"A\u00a0", "can't"},
		{"A\u00ad", "can't"},
		{"A\u200d", "can't"},
		{"A\u3164", "can't"}, // a Hangul filler, which counts as a letter
		{"A\x00", "can't"},
		{"A\ufffd", "can't"},
		{"AE\u0301", "can't"},
		{"AＥﾞ", "can't"},
		{"가\u1161", "can't"},
		{"AA", "'A' and 'A'"},
		{"ABa", "'A' and 'a'"},
		{"KX\u212a", "which count as one letter"},
		{"AＡ", "'A' and 'Ａ'"},
		{"AА", "'A' and 'А'"}, // Latin and Cyrillic
		{"ΑА", "'Α' and 'А'"}, // Greek and Cyrillic
		{"ËЁ", "'Ë' and 'Ё'"},
		{"5٥", "'5' and '٥'"},
		{"ȘŞ", "'Ș' and 'Ş'"},
		{"Ii", "'I' and 'i'"},
		{"Iı", "'I' and 'ı'"},
		{"iİ", "'i' and 'İ'"},
		{"σς", "'σ' and 'ς'"},
	} {
		_, err := answer.New(row.letters)
		var refused *setting.Error
		if !errors.As(err, &refused) || refused.Field != "Alphabet" || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%q: %v, want it to tell of %s", row.letters, err, row.want)
		}
	}
}

// many returns n letters none of which counts as another.
func many(n int) (letters []rune) {
	for r := rune('一'); len(letters) < n; r++ {
		letters = append(letters, r)
	}
	return letters
}

// Alphabets of languages have no two letters that count as one.
func TestAlphabetsOfLanguages(t *testing.T) {
	for name, letters := range map[string]string{
		"default":     picture.Alphabet,
		"all":         latin + digits,
		"the most":    string(many(255)),
		"Arabic":      "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
		"Armenian":    "ԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖ",
		"Azerbaijani": "ABCÇDEƏFGĞHXIİJKQLMNOÖPRSŞTUÜVYZ",
		"Belarusian":  "АБВГДЕЁЖЗІЙКЛМНОПРСТУЎФХЦЧШЫЬЭЮЯ" + digits,
		"Croatian":    "ABCČĆDĐEFGHIJKLMNOPRSŠTUVZŽ",
		"Czech":       "AÁBCČDĎEÉĚFGHIÍJKLMNŇOÓPQRŘSŠTŤUÚŮVWXYÝZŽ",
		"Devanagari":  "अआइईउऊऋएऐओऔकखगघङचछजझञटठडढणतथदधनपफबभमयरलवशषसह\u0958\u0959",
		"Georgian":    "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ",
		"German":      latin + "ÄÖÜß" + digits,
		"Greek":       greek + digits,
		"Hebrew":      "אבגדהוזחטיכלמנסעפצקרשת",
		"Hiragana":    "あいうえおかがきぎくぐけげこごさざしじすずせぜそぞはばぱひびぴ",
		"Hungarian":   "AÁBCDEÉFGHIÍJKLMNOÓÖŐPQRSTUÚÜŰVWXYZ",
		"Icelandic":   "AÁBDÐEÉFGHIÍJKLMNOÓPRSTUÚVXYÝÞÆÖ",
		"Kazakh":      "АӘБВГҒДЕЁЖЗИЙКҚЛМНҢОӨПРСТУҰҮФХҺЦЧШЩЪЫІЬЭЮЯ" + digits,
		"Latvian":     "AĀBCČDEĒFGĢHIĪJKĶLĻMNŅOPRSŠTUŪVZŽ",
		"Lithuanian":  "AĄBCČDEĘĖFGHIĮYJKLMNOPRSŠTUŲŪVZŽ",
		"Macedonian":  "АБВГДЃЕЖЗЅИЈКЛЉМНЊОПРСТЌУФХЦЧЏШ",
		"Polish":      "AĄBCĆDEĘFGHIJKLŁMNŃOÓPRSŚTUWYZŹŻ",
		"Romanian":    "AĂÂBCDEFGHIÎJKLMNOPQRSȘTȚUVWXYZ",
		"Russian":     cyrillic + digits,
		"Sami":        "AÁBCČDĐEFGHIJKLMNŊOPRSŠTŦUVZŽ",
		"Serbian":     "АБВГДЂЕЖЗИЈКЛЉМНЊОПРСТЋУФХЦЧЏШ",
		"Thai":        "กขคฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรลวศษสหฬอฮ",
		"Turkish":     turkish + digits,
		"Ukrainian":   "АБВГҐДЕЄЖЗИІЇЙКЛМНОПРСТУФХЦЧШЩЬЮЯ" + digits,
		"Vietnamese":  "AĂÂBCDĐEÊGHIKLMNOÔƠPQRSTUƯVXY",
	} {
		a, err := answer.New(letters)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if string(a.Letters()) != letters {
			t.Errorf("%s: letters %s", name, string(a.Letters()))
		}
		tellsApart(t, a)
		// In lower case too, if every letter has one.
		if small := strings.ToLower(letters); !strings.ContainsAny(letters, "İẞ") {
			if a, err = answer.New(small); err != nil {
				t.Errorf("%s: %v", name, err)
			} else if got := a.Form(letters); got != small {
				t.Errorf("%s: %s in small letters is %s", name, letters, got)
			}
		}
	}
}

// tellsApart checks what the odds of a guess rest on: every letter, by itself and between others, is its own form.
func tellsApart(t *testing.T, a *answer.Alphabet) {
	t.Helper()
	letters := string(a.Letters())
	if got := a.Form(letters); got != letters {
		t.Fatalf("the form of %+q is %+q", letters, got)
	}
	forms := make(map[string]rune)
	for _, letter := range letters {
		form := a.Form(string(letter))
		if other, ok := forms[form]; ok {
			t.Fatalf("%+q of %+q: %q and %q are one", form, letters, other, letter)
		}
		forms[form] = letter
	}
}

// randomLetters draws up to n letters, most of them from those that rules are made for.
func randomLetters(random *rand.Rand, n int) string {
	pool := []rune(latin + strings.ToLower(latin) + digits + cyrillic + strings.ToLower(cyrillic) + greek + strings.ToLower(greek) +
		"ÉËÏÖŞȘŢȚĞÑĐÐƉƏӘÆӔΘӨƟİıſςΆΐӀІіЇїЈЅѕҮў٠٥۵५๕０５ＡａАｱｶﾞガパが가각\u1100\u1161\u11a8\u212a\u212b\u2126µßẞ-_.,+★五")
	letters := make([]rune, 1+random.IntN(n))
	for i := range letters {
		letters[i] = pool[random.IntN(len(pool))]
		if random.IntN(10) == 0 {
			letters[i] = random.Int32N(0x3000)
		}
	}
	return string(letters)
}

// Over random alphabets, two letters never share a form and every answer is a form of its own: there are as many as the
// number of letters to the power of the length.
func TestNothingIsMerged(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	accepted := 0
	for range 4000 {
		letters := randomLetters(random, 6)
		a, err := answer.New(letters)
		if err != nil {
			continue
		}
		accepted++
		tellsApart(t, a)
		answers := []string{""}
		for length := 1; length <= 3; length++ {
			var longer []string
			for _, answer := range answers {
				for _, letter := range letters {
					longer = append(longer, answer+string(letter))
				}
			}
			answers = longer
			forms := make(map[string]bool)
			for _, answer := range answers {
				forms[a.Form(answer)] = true
				if a.Form(answer) != answer || a.Length(answer) != length {
					t.Fatalf("%+q: the form of %+q is %+q", letters, answer, a.Form(answer))
				}
			}
			want := 1
			for range length {
				want *= len(a.Letters())
			}
			if len(forms) != want {
				t.Fatalf("%+q: %d answers of %d letters, want %d", letters, len(forms), length, want)
			}
		}
	}
	if accepted < 1000 {
		t.Errorf("only %d alphabets were accepted", accepted)
	}
}

// No character of the planes that have letters and formats stands for two letters, and what is in normal form stays so.
func TestEveryCharacterHasOneForm(t *testing.T) {
	for _, letters := range []string{picture.Alphabet, latin + digits, turkish, "ÉÍЁЙ가각ガ٠٥"} {
		a := mustNew(t, letters)
		for r := rune(0); r <= 0xe0fff; r++ {
			if r == 0x20000 { // from here on ideographs and nothing
				r = 0xe0000
			}
			form := a.Form(string(r))
			if n := len([]rune(form)); n > 1 || a.Form(form) != form {
				t.Fatalf("%s: the form of %U is %+q, and its form %+q", letters, r, form, a.Form(form))
			}
		}
	}
}

func FuzzForm(f *testing.F) {
	for _, letters := range []string{picture.Alphabet, digits, cyrillic, greek, turkish, "0l", "ÉÍIi", "가각ガカ", "E\u0301"} {
		f.Add(letters, "k3Rw Ｋ\u200b\u0301٥")
		f.Add(letters, "e\u0301i\u0307\u0301и\u0306\u0306\u0306\u0306\u1100\u1161\u11a8")
	}
	f.Fuzz(func(t *testing.T, letters, typed string) {
		a, err := answer.New(letters)
		if err != nil {
			return
		}
		tellsApart(t, a)
		form := a.Form(typed)
		if again := a.Form(form); again != form {
			t.Errorf("%+q: the form of %+q is %+q, and its form %+q", letters, typed, form, again)
		}
		n, m := len([]rune(typed)), len([]rune(form))
		if m > n {
			t.Errorf("%+q: the form of %+q is longer: %+q", letters, typed, form)
		}
		if length := a.Length(typed); n <= answer.MaxTyped && length != m || n > answer.MaxTyped && length != n {
			t.Errorf("%+q: the length of %+q is %d", letters, typed, length)
		}
		fits := n <= answer.MaxTyped && m > 0
		if same := a.Same(form, typed); same != fits {
			t.Errorf("%+q: %+q and its form %+q are the same: %v", letters, typed, form, same)
		}
		if a.Same(form+string(a.Letters()[0]), typed) || a.Same(typed, form+string(a.Letters()[0])) {
			t.Errorf("%+q: %+q and a letter more are the same", letters, typed)
		}
	})
}

func TestNoAllocation(t *testing.T) {
	a := mustNew(t, cyrillic)
	if n := testing.AllocsPerRun(100, func() { a.Same("ЖЁЛТЫЙ", "же\u0308л t ый"); a.Length("же\u0308л t ый") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestDraw(t *testing.T) {
	a := mustNew(t, "ABCDEFG")
	counts := map[rune]int{}
	const rounds = 3000
	for range rounds {
		for _, r := range a.Draw(10, 10) {
			counts[r]++
		}
	}
	// 30,000 letters, about 4,286 of each with a standard deviation of 61: seven of them are next to impossible.
	for _, r := range a.Letters() {
		if n := counts[r]; n < 4286-430 || n > 4286+430 {
			t.Errorf("%c came up %d times of %d", r, n, 10*rounds)
		}
	}
	lengths := map[int]int{}
	for range rounds {
		lengths[len(a.Draw(3, 5))]++
	}
	// 1,000 of each with a standard deviation of 26.
	for _, n := range []int{3, 4, 5} {
		if lengths[n] < 820 || lengths[n] > 1180 {
			t.Errorf("%d of %d answers are of %d letters", lengths[n], rounds, n)
		}
	}
	if len(lengths) != 3 {
		t.Errorf("lengths %v", lengths)
	}
}

func TestLettersAreACopy(t *testing.T) {
	a := mustNew(t, "AB")
	a.Letters()[0] = 'X'
	if got := a.Letters(); !slices.Equal(got, []rune("AB")) {
		t.Errorf("letters %q", got)
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		mustNew(b, picture.Alphabet)
	}
}

func BenchmarkSame(b *testing.B) {
	a := mustNew(b, picture.Alphabet)
	for _, typed := range []string{"K3RW", "k3rw", "ｋ３ rw", "к3rw"} {
		b.Run(fmt.Sprintf("%+q", typed), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				a.Same("K3RW", typed)
			}
		})
	}
}
