package answer

import "unicode"

// plain makes r upper case and a character of Latin script, or of Greek where Latin has none, and of decimal digits 0
// to 9. The dotted i is not apart from the dotless one here.
func plain(r rune) rune {
	if r >= 0x80 && unicode.Is(unicode.Nd, r) {
		return '0' + digit(r)
	}
	// Some capitals, as ẞ, meet the rest of their case only by way of the small letter.
	return shape(unicode.ToUpper(unicode.ToLower(r)))
}

// digit returns the value of a decimal digit: Unicode has those of every script in a row, which starts with 0.
func digit(r rune) rune {
	for _, rows := range unicode.Nd.R16 {
		if r <= rune(rows.Hi) {
			return (r - rune(rows.Lo)) % 10
		}
	}
	for _, rows := range unicode.Nd.R32 {
		if r <= rune(rows.Hi) {
			return (r - rune(rows.Lo)) % 10
		}
	}
	return 0
}

// shape returns the one of the capitals of several scripts that have the same shape which stands for all. No language
// has two of a line in its alphabet.
func shape(capital rune) rune {
	switch capital {
	case 'Α', 'А':
		return 'A'
	case 'Β', 'В':
		return 'B'
	case 'Ϲ', 'С':
		return 'C'
	case 'Ε', 'Е':
		return 'E'
	case 'Η', 'Н':
		return 'H'
	case 'Ι', 'І', 'Ӏ':
		return 'I'
	case 'Ϳ', 'Ј':
		return 'J'
	case 'Κ', 'К':
		return 'K'
	case 'Μ', 'М':
		return 'M'
	case 'Ν':
		return 'N'
	case 'Ο', 'О', 'Օ':
		return 'O'
	case 'Ρ', 'Р':
		return 'P'
	case 'Ԛ':
		return 'Q'
	case 'Ѕ':
		return 'S'
	case 'Τ', 'Т':
		return 'T'
	case 'Ԝ':
		return 'W'
	case 'Χ', 'Х':
		return 'X'
	case 'Υ', 'У':
		return 'Y'
	case 'Ζ':
		return 'Z'
	case 'Ӕ':
		return 'Æ'
	case 'Ð', 'Ɖ':
		return 'Đ'
	case 'Ә':
		return 'Ə'
	case 'Г':
		return 'Γ'
	case 'Ө', 'Ɵ':
		return 'Θ'
	case 'П':
		return 'Π'
	case 'Ф':
		return 'Φ'
	}
	return capital
}

// mistaken are groups of characters that readers take for each other, the likest first: in those before the empty line
// the characters have one shape but for the font, and the others are those that picture.Alphabet has one each of. If
// the alphabet has exactly one letter of a group, the whole group stands for it: whoever sees a 5 in an alphabet
// without S can't know that it is no S. A machine that reads the pictures gains nothing, for it can learn the alphabet.
var mistaken = [...]string{
	"Iİ",
	"O0",
	"1Il", // a small l, for a capital one is like none of them
	"2Z",
	"3З",
	"4Ч",
	"5S",
	"6Б",
	"8B",
	"YҮ",

	"4A",
	"56S",
	"CG",
	"0DOQ",
	"EF",
	"KX",
	"17IT",
}
