package answer

import "unicode"

// plain turns r into upper case and into the Latin character of the same shape, or the Greek one if there is none in
// Latin. It turns decimal digits into 0 to 9. It does not tell a dotted i from a dotless one.
func plain(r rune) rune {
	if r >= 0x80 && unicode.Is(unicode.Nd, r) {
		return '0' + digit(r)
	}
	// Some capitals, such as ẞ, get the same form as their other spellings only by way of the small letter.
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

// Capitals of several scripts can have the same shape: shape returns the one that stands for all of them. No language
// has two capitals of the same line in its alphabet.
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

// mistaken are groups of characters that readers mistake for each other, the most alike first. The characters of the
// groups before the empty line differ in shape only by the font; of each other group, picture.Alphabet has one
// character. If an alphabet has exactly one letter of a group, the whole group stands for it: a visitor who sees a 5
// can't know that the alphabet has no S. A machine that reads the pictures gains nothing from that, because it can
// learn the alphabet.
var mistaken = [...]string{
	"Iİ",
	"O0",
	"1Il", // a small l; a capital L is like none of them
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
