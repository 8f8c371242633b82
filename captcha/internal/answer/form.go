package answer

import (
	"crypto/subtle"
	"unicode"
)

// appendForm appends the form of text. The form has at most as many characters as text.
func (a *Alphabet) appendForm(form []rune, text string) []rune {
	start := len(form) // of a character and the marks that join it
	for _, r := range text {
		if !a.has(r) {
			if r = usualWidth(r); isInvisible(r) {
				continue
			}
			if joins(r) {
				form = append(form, r)
				continue
			}
		}
		form = a.settle(form, start)
		start = len(form)
		form = append(form, r)
	}
	return a.settle(form, start)
}

// settle replaces what form has from start on, a character and its marks, with the letter that is meant. If no letter
// is meant, it only makes the character plain, so that answers from another alphabet are compared leniently too.
func (a *Alphabet) settle(form []rune, start int) []rune {
	if start == len(form) || start == len(form)-1 && a.has(form[start]) {
		return form
	}
	if meant, ok := take(form[start:]...); ok && a.meaning[meant] != 0 {
		return append(form[:start], a.meaning[meant])
	}
	if !joins(form[start]) {
		form[start] = plain(form[start])
	}
	return form
}

// has reports whether r is a letter of the alphabet. It takes the same time for every letter. An answer has no other
// characters, so nothing else about it affects the time.
func (a *Alphabet) has(r rune) bool {
	found := 0
	for _, letter := range a.letters {
		found |= subtle.ConstantTimeEq(letter, r)
	}
	return found == 1
}

// isInvisible reports whether r can't be seen: white space or a format character.
func isInvisible(r rune) bool {
	if r < 0x80 {
		return unicode.IsSpace(r)
	}
	return unicode.IsSpace(r) || unicode.In(r, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) ||
		unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// joins reports whether r is a part of the character before it: a mark, or a vowel or a final consonant of a Hangul
// syllable.
func joins(r rune) bool {
	return r >= 0x300 && (unicode.Is(unicode.M, r) || r >= 0x1160 && r <= 0x11ff || r >= 0xd7b0 && r <= 0xd7ff)
}

// usualWidth turns letters and digits of full and half width into the usual ones, and the sound marks of half-width
// katakana into those that join a letter.
func usualWidth(r rune) rune {
	switch {
	case r >= '！' && r <= '～':
		return r - '！' + '!'
	case r >= 'ｦ' && r <= 'ﾟ':
		return halfWidth[r-'ｦ']
	}
	return r
}

// halfWidth katakana, in the order of their characters.
var halfWidth = [...]rune{
	'ヲ', 'ァ', 'ィ', 'ゥ', 'ェ', 'ォ', 'ャ', 'ュ', 'ョ', 'ッ', 'ー', 'ア', 'イ', 'ウ', 'エ', 'オ', 'カ', 'キ', 'ク', 'ケ', 'コ',
	'サ', 'シ', 'ス', 'セ', 'ソ', 'タ', 'チ', 'ツ', 'テ', 'ト', 'ナ', 'ニ', 'ヌ', 'ネ', 'ノ', 'ハ', 'ヒ', 'フ', 'ヘ', 'ホ', 'マ',
	'ミ', 'ム', 'メ', 'モ', 'ヤ', 'ユ', 'ヨ', 'ラ', 'リ', 'ル', 'レ', 'ロ', 'ワ', 'ン', '\u3099', '\u309a',
}
