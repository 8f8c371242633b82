// Command make writes the table of composed characters in the folder above, from Unicode's data as golang.org/x/text
// has it. It is run by "go generate" there.
//
// The table has, in order, the characters of the Basic Multilingual Plane that Unicode's canonical mappings decompose.
// Each takes six bytes, big endian: the character, its first part, which may itself be composed, and its mark. The mark
// is zero if the character is a duplicate of another, as the Kelvin sign is of K. Three kinds of characters are left
// out: Hangul syllables, which are decomposed by arithmetic; ideographs duplicated for older character sets, which no
// keyboard makes; and marks, which are not letters.
package main

import (
	"encoding/binary"
	"log"
	"os"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

func main() {
	log.SetFlags(0)
	var characters []rune
	byParts := make(map[string]rune) // a character by all that it is composed of
	for r := rune(0x80); r <= 0xffff; r++ {
		if unicode.In(r, unicode.Hangul, unicode.Ideographic, unicode.M) {
			continue
		}
		if whole := norm.NFD.PropertiesString(string(r)).Decomposition(); whole != nil {
			characters = append(characters, r)
			byParts[string(whole)] = r
		}
	}
	var table []byte
	for _, r := range characters {
		first, mark := split(r, byParts)
		for _, part := range []rune{r, first, mark} {
			table = binary.BigEndian.AppendUint16(table, uint16(part))
		}
	}
	if err := os.WriteFile("composed.table", table, 0o644); err != nil {
		log.Fatal(err)
	}
	log.Printf("%d characters, %d bytes", len(characters), len(table))
}

// split takes the last mark off a character.
func split(r rune, byParts map[string]rune) (first, mark rune) {
	parts := []rune(norm.NFD.String(string(r)))
	if len(parts) == 1 {
		return parts[0], 0
	}
	before, mark := parts[:len(parts)-1], parts[len(parts)-1]
	if len(before) == 1 {
		return before[0], mark
	}
	first, ok := byParts[string(before)]
	if !ok {
		log.Fatalf("%U has no first part: nothing is composed of %U", r, before)
	}
	return first, mark
}
