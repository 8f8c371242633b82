package picture

import (
	"encoding/binary"
	"fmt"
)

// A typeface holds the glyphs of an alphabet in one font.
type typeface map[rune]*glyph

// newTypeface reads the letters of alphabet that the font has.
func newTypeface(data []byte, alphabet []rune) (face typeface, err error) {
	plain, err := plainFont(data)
	if err != nil {
		return nil, err
	}
	// Font files come from anywhere, and some of them make the parser panic.
	defer func() {
		if r := recover(); r != nil {
			face, err = nil, refuseFont(fmt.Sprintf("damaged (%v)", r), "a whole TrueType or OpenType file")
		}
	}()
	var contoursOf reader
	if binary.BigEndian.Uint32(plain) == trueType {
		contoursOf, err = trueTypeFont(plain)
	} else {
		contoursOf, err = openTypeFont(plain)
	}
	if err != nil {
		return nil, refuseFont(fmt.Sprintf("a file that can't be read (%v)", err), "TrueType or OpenType with a Unicode character map")
	}
	capital, err := capitalHeight(contoursOf, alphabet)
	if err != nil {
		return nil, err
	}
	face = make(typeface, len(alphabet))
	for _, letter := range alphabet {
		contours, err := contoursOf(letter, 1/capital)
		if err != nil {
			return nil, err
		}
		if contours == nil {
			continue
		}
		if lo, hi := bounds(contours); max(hi.x-lo.x, hi.y-lo.y) > largestLetter {
			return nil, refuseFont(fmt.Sprintf("a font whose letter %q is more than %d times as large as its H", letter, largestLetter), "letters of about the same size")
		}
		face[letter] = newGlyph(contours)
	}
	return face, nil
}

// largestLetter is how many capitals wide or high a letter may be. In ordinary fonts the widest letters are 3 capitals
// wide. The bound is there for broken fonts, whose outlines would be cut into millions of pieces.
const largestLetter = 20

// A reader reads a letter's outlines in the font's own units, times a scale. It returns nil for a letter that the font
// lacks or leaves blank. It is a function and not an interface, because the linker would keep in every app all methods
// of a parser's type that an interface value holds: 36 KiB for both parsers.
type reader func(letter rune, scale float32) ([][]point, error)

// refuseLetter returns the error for a letter whose outline can't be read.
func refuseLetter(letter rune, err error) error {
	return refuseFont(fmt.Sprintf("a font whose letter %q can't be drawn (%v)", letter, err),
		"outlines as most fonts have them: convert it to TrueType, for example with FontForge")
}

// capitalHeight returns the height of an H, by which sizes are measured. If the font has no H, or a flat one, it is the
// height of the alphabet's tallest letter.
func capitalHeight(contoursOf reader, alphabet []rune) (float32, error) {
	var tallest float32
	for _, letter := range append([]rune{'H'}, alphabet...) {
		contours, err := contoursOf(letter, 1)
		if err != nil {
			return 0, err
		}
		if contours == nil {
			continue
		}
		lo, hi := bounds(contours)
		if letter == 'H' && hi.y-lo.y >= 1 {
			return hi.y - lo.y, nil
		}
		tallest = max(tallest, hi.y-lo.y)
	}
	return max(tallest, 1), nil
}
