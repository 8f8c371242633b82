// Package answer draws the answers to a captcha's challenges from the letters of an alphabet, and compares them with
// what visitors type.
//
// # What counts as typed right
//
// Keyboards differ, and a visitor who read the letters right should not lose a challenge because of the keyboard. The
// answer and what was typed are both brought to one form, which has the alphabet's letters where possible:
//
//   - White space and what can't be seen are dropped: zero-width characters, soft hyphens, byte order marks, marks of
//     direction, variation selectors.
//   - A letter with marks is the same whether it is one character or several, and in whatever order the marks come. A
//     comma below counts as a cedilla.
//   - Upper and lower case are alike, and so are full, half and usual width.
//   - Decimal digits are alike in every script.
//   - A letter is like one of another script that has the same shape in capitals: Latin A, Greek Α and Cyrillic А.
//   - A dotted i counts for a dotless one and the other way round, unless the alphabet has both.
//   - A character that readers take for others stands for the one of them that the alphabet has, if it has exactly one:
//     S for 5 where there is no S.
//
// Whatever else is typed stays and makes the answer wrong: another letter, one too many, a dash, a mark on a letter
// that has none. A mark takes a key of its own or a long press. Unlike case or width, it does not come about by
// accident: É for E says that something else was seen.
//
// # Why this costs nothing
//
// Each letter of an alphabet is its own form, and New refuses an alphabet with two letters that would share one. So
// there are as many forms of answers as there are answers, each text has one form, and a guess is right for at most one
// answer: its chance is the same as if letters had to match exactly.
package answer

import (
	"crypto/subtle"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

// MaxTyped is the most characters that a text may have, spaces included. A longer text is no answer.
const MaxTyped = 64

// maxLetters is the most letters of an alphabet.
const maxLetters = 255

// Alphabet is a set of letters that can be told apart. It is safe for concurrent use.
type Alphabet struct {
	letters []rune
	meaning map[parts]rune // the letter that is meant, by what is typed
}

// New returns the alphabet of letters: 2 to 255 of them, each of which can be seen by itself and none of which counts
// as another. The error is a *setting.Error.
func New(letters string) (*Alphabet, error) {
	a := &Alphabet{[]rune(letters), make(map[parts]rune)}
	if !utf8.ValidString(letters) {
		return nil, setting.Refuse("Alphabet", letters, "letters in UTF-8")
	}
	if n := len(a.letters); n < 2 || n > maxLetters {
		return nil, setting.Refuse("Alphabet", letters, "2 to %d letters, not %d", maxLetters, n)
	}
	for i, letter := range a.letters {
		if !unicode.IsGraphic(letter) || isInvisible(letter) || joins(usualWidth(letter)) || letter == utf8.RuneError {
			return nil, setting.Refuse("Alphabet", letters,
				"letters that can be seen and can stand by themselves; %q can't", letter)
		}
		meant, _ := take(letter)
		other, taken := a.meaning[meant]
		if j := slices.IndexFunc(a.letters[:i], func(r rune) bool { return isOtherCase(r, letter) }); !taken && j >= 0 {
			other, taken = a.letters[j], true
		}
		if taken {
			return nil, setting.Refuse("Alphabet", letters,
				"only one of %q and %q, which count as one letter", other, letter)
		}
		a.meaning[meant] = letter
	}
	for _, group := range mistaken {
		a.addMistaken(group)
	}
	if dotted := (parts{plain: 'İ'}); a.meaning[dotted] == 0 {
		a.meaning[dotted] = a.meaning[parts{plain: 'I'}]
	}
	return a, nil
}

// isOtherCase reports whether a and b differ in case only. It does so for i and I too, although in Turkish they are two
// letters.
func isOtherCase(a, b rune) bool { return strings.EqualFold(string(a), string(b)) }

// addMistaken lets the characters of a group stand for the one letter of the group that the alphabet has, if it has
// exactly one. Characters that stand for a letter already are left alone.
func (a *Alphabet) addMistaken(group string) {
	var members []rune
	for _, letter := range a.letters {
		meant, _ := take(letter)
		unmarked := meant == parts{plain: meant.plain}
		if strings.ContainsRune(group, letter) || unmarked && strings.ContainsRune(group, meant.plain) {
			members = append(members, letter)
		}
	}
	if len(members) != 1 {
		return
	}
	for _, r := range group {
		if meant, _ := take(r); a.meaning[meant] == 0 {
			a.meaning[meant] = members[0]
		}
	}
}

// Letters returns the alphabet's letters in the order given to New.
func (a *Alphabet) Letters() []rune { return slices.Clone(a.letters) }

// Form returns text in the form in which answers are compared. Characters become the letters of the alphabet that they
// mean. Others stay, in plain case, width and script.
func (a *Alphabet) Form(text string) string {
	return string(a.appendForm(make([]rune, 0, MaxTyped), text))
}

// Length returns how many characters of text count towards a limit, which is at most MaxTyped: those of its form or, if
// text has more than MaxTyped characters, all of them. It is 0 for a text in which nothing can be seen.
func (a *Alphabet) Length(text string) int {
	if n := utf8.RuneCountInString(text); n > MaxTyped {
		return n
	}
	var form [MaxTyped]rune
	return len(a.appendForm(form[:0], text))
}

// Same reports whether answer and typed have the same form. It is false for an answer without letters. How long it
// takes depends on what was typed and on how many letters the answer has, but not on which letters they are.
func (a *Alphabet) Same(answer, typed string) bool {
	if utf8.RuneCountInString(answer) > MaxTyped || utf8.RuneCountInString(typed) > MaxTyped {
		return false
	}
	var one, other [MaxTyped]rune
	n, m := len(a.appendForm(one[:0], answer)), len(a.appendForm(other[:0], typed))
	clear(one[n:])
	clear(other[m:])
	different := int32(n ^ m)
	for i := range one {
		different |= one[i] ^ other[i]
	}
	return subtle.ConstantTimeEq(different, 0) == 1 && n > 0
}
