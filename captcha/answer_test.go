package captcha

import "testing"

func TestEveryLetterIsAsLikely(t *testing.T) {
	alphabet := []rune("ABCDEFG")
	counts := map[rune]int{}
	const rounds = 3000
	for range rounds {
		for _, r := range randomAnswer(alphabet, 10, 10) {
			counts[r]++
		}
	}
	// 30,000 letters, about 4,286 of each with a standard deviation of 61: seven of them are next to impossible.
	for _, r := range alphabet {
		if n := counts[r]; n < 4286-430 || n > 4286+430 {
			t.Errorf("%c came up %d times of %d", r, n, 10*rounds)
		}
	}
}

func TestFoldKeepsScriptsApart(t *testing.T) {
	for _, row := range []struct {
		a, b string
		same bool
	}{
		{"abc", "ABC", true},
		{"\u0436", "\u0416", true},
		{"K", "\u212A", false},
		{"I", "\u0131", false},
		{"S", "\u017F", false},
		{"12034", "12 34", false},
		{"", "A", false},
	} {
		if got := sameAnswer(row.a, row.b); got != row.same {
			t.Errorf("%q and %q: %v", row.a, row.b, got)
		}
	}
}
