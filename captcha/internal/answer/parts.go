package answer

import (
	_ "embed"
	"slices"
	"sort"
)

//go:generate go run ./make

// parts are what a letter is composed of: a plain character and its marks, in the order of their code points.
type parts struct {
	plain rune
	marks [maxMarks]rune
}

// maxMarks is the most marks of a letter. Polytonic Greek and Vietnamese have no letter with more.
const maxMarks = 3

// These look the same to a reader; older and newer Romanian keyboards make one or the other.
const cedilla, commaBelow = '\u0327', '\u0326'

const dotAbove = '\u0307'

// take splits a character and the marks that join it into parts. ok is false if there are more marks than a letter can
// have.
func take(character ...rune) (p parts, ok bool) {
	if len(character) > 1+maxMarks {
		return parts{}, false
	}
	var buffer [2 * maxMarks]rune
	marks := append(buffer[:0], character[1:]...)
	first := usualWidth(character[0])
	for {
		before, mark, composed := split(first)
		if !composed {
			break
		}
		if mark != 0 {
			marks = append(marks, mark)
		}
		first = before
	}
	p.plain = plain(first)
	if p.plain == 'I' {
		// The dot is a part of the letter, unless other marks take its place.
		bare := slices.DeleteFunc(marks, func(mark rune) bool { return mark == dotAbove })
		if len(bare) == 0 && (first == 'i' || len(marks) > 0) {
			p.plain = 'İ'
		}
		marks = bare
	}
	for i, mark := range marks {
		if mark == commaBelow {
			marks[i] = cedilla
		}
	}
	slices.Sort(marks)
	return p, copy(p.marks[:], marks) == len(marks)
}

//go:embed composed.table
var composed string // six bytes for each character: see make

// split takes the last mark off a composed character. The mark is 0 if the character is only a duplicate of another.
func split(r rune) (first, mark rune, ok bool) {
	if s := r - 0xac00; s >= 0 && s < 19*21*28 { // a Hangul syllable: 21 vowels and 27 finals or none
		if final := s % 28; final != 0 {
			return r - final, 0x11a7 + final, true
		}
		return 0x1100 + s/28/21, 0x1161 + s/28%21, true
	}
	if r < 0xc0 { // the first character that is composed is À
		return 0, 0, false
	}
	at := func(i int) rune { return rune(composed[i])<<8 | rune(composed[i+1]) }
	i := 6 * sort.Search(len(composed)/6, func(i int) bool { return at(6*i) >= r })
	if i == len(composed) || at(i) != r {
		return 0, 0, false
	}
	return at(i + 2), at(i + 4), true
}
