package tag_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/language"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/tag"
)

// languages returns those that the form field has texts in, English first.
func languages(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("../../texts/*.json")
	if err != nil || len(files) < 50 {
		t.Fatal(files, err)
	}
	all := []string{"en"}
	for _, file := range files {
		if name := strings.TrimSuffix(filepath.Base(file), ".json"); name != "en" {
			all = append(all, name)
		}
	}
	return all
}

func TestPrefer(t *testing.T) {
	index := tag.NewIndex(languages(t))
	for _, row := range []struct{ header, want string }{
		// As browsers send it.
		{"", "en"},
		{"de", "de"},
		{"de-AT,de;q=0.9,en;q=0.8", "de"},
		{"pt-BR,pt;q=0.9,en-US;q=0.8,en;q=0.7", "pt"},
		{"zh-TW,zh;q=0.9,en-US;q=0.8", "zh-Hant"},
		{"tlh,fr;q=0.1", "fr"},
		{"tlh", "en"},

		// Quality, not order; the first of equals.
		{"en;q=0.5,de;q=0.6", "de"},
		{"fr ; q=0.3 ,\tru ; Q=0.4", "ru"},
		{"it,nl", "it"},
		{"it;q=1.000,nl;q=1", "it"},

		// Wildcards are any language, and so the default, unless it is refused.
		{"*", "en"},
		{"*;q=0.1, da;q=0.01", "en"},
		{"fr;q=0.5, *", "en"},
		{"fr, *;q=0.5", "fr"},
		{"*, en;q=0", "af"},
		{"*;q=0.5, en;q=0, tlh", "af"},
		{"fr;q=0, es;q=0.1", "es"},
		{"fr;q=0", "en"},
		{"*;q=0", "en"},

		// What can't be read is passed over, alone.
		{"fr;q=abc,;,de;q=0.2", "de"},
		{"fr;level=1, de;q=0.2", "de"},
		{"fr;q=2, es;q=-1, it;q=NaN, nl;q=Inf, de;q=0.2", "de"},
		{"fr;q=, de;q=0.2", "de"},
		{";q=1", "en"},
		{"\x00\xff,de-\xff", "de"},
		{"de AT, fr;q=0.1", "fr"},
		{"-de, --, de--AT, x-de", "de"},

		// A flood.
		{strings.Repeat("de,", 4000), "de"},
		{strings.Repeat("tlh,", 4000) + "de", "en"},
		{strings.Repeat("a-", 5000), "en"},
		{"fr;q=0.1," + strings.Repeat("de-", 5000), "fr"},
		{strings.Repeat("d", 10_000), "en"},
		{strings.Repeat(",", 10_000), "en"},
	} {
		if got := index.Prefer(row.header); got != row.want {
			t.Errorf("%.60q: %s, want %s", row.header, got, row.want)
		}
	}
}

func TestFind(t *testing.T) {
	index := tag.NewIndex(languages(t))
	for asked, want := range map[string]string{
		"DE": "de", "de-1996": "de", "de-Latn-CH-1996": "de", "den": "", "d": "", "": "", "*": "", "deutsch": "",
		"pt": "pt", "pt-BR": "pt", "pt-PT": "pt-PT", "pt-AO": "pt-PT", "pt-MZ": "pt-PT",
		"es": "es", "es-ES": "es", "es-MX": "es-419", "es-AR": "es-419", "es-US": "es-419", "es-419": "es-419", "es-MX-x-mine": "es-419",
		"zh": "zh-Hans", "zh-CN": "zh-Hans", "zh-SG": "zh-Hans", "zh-Hans-HK": "zh-Hans",
		"zh-TW": "zh-Hant", "zh-HK": "zh-Hant", "zh-MO": "zh-Hant", "zh-Hant-TW": "zh-Hant", "yue-HK": "zh-Hant", "cmn": "zh-Hans",
		"sr": "sr", "sr-RS": "sr", "sr-Cyrl-RS": "sr", "sr-Latn": "sr-Latn", "sr-Latn-RS": "sr-Latn", "sr-ME": "sr-Latn", "sh": "sr-Latn",
		"nb-NO": "nb", "nn-NO": "nn", "no": "nb", "no-NO": "nb",
		"fil-PH": "fil", "tl": "fil", "tl-PH": "fil", "fi-FI": "fi",
		"he-IL": "he", "iw": "he", "iw-IL": "he", "id-ID": "id", "in": "id", "in-ID": "id",
		"bs": "hr", "mo": "ro", "ro-MD": "ro", "fa-AF": "fa", "kok": "", "pa-Arab-PK": "", "uz-Cyrl-UZ": "", "az-Latn": "az",
	} {
		if got := index.Find(asked); got != want {
			t.Errorf("%s: %q, want %q", asked, got, want)
		}
	}
}

// A language that an app adds is found by its own tag and those of its relatives, and takes nobody else's place.
func TestFindAdded(t *testing.T) {
	index := tag.NewIndex([]string{"en", "de", "gsw-CH", "pt-BR", "de-AT", "no"})
	for asked, want := range map[string]string{
		"gsw": "gsw-CH", "gsw-CH": "gsw-CH", "gsw-LI": "gsw-CH", "de": "de", "de-CH": "de", "de-AT": "de-AT", "pt": "pt-BR", "pt-PT": "pt-BR",
		"nb": "no", "fr": "",
	} {
		if got := index.Find(asked); got != want {
			t.Errorf("%s: %q, want %q", asked, got, want)
		}
	}
}

// Where the matcher of golang.org/x/text is sure, this one agrees: on each of the languages alone and in each country,
// but for countries where that language is foreign.
func TestAsTextLanguage(t *testing.T) {
	all := languages(t)
	index := tag.NewIndex(all)
	var tags []language.Tag
	for _, one := range all {
		tags = append(tags, language.MustParse(one))
	}
	matcher := language.NewMatcher(tags)
	at := map[string][]string{
		"pt": strings.Fields("BR PT AO CH CV FR GQ GW LU MO MZ ST TL"),
		"es": strings.Fields("ES AR BO BR BZ CL CO CR CU DO EC GT HN MX NI PA PE PR PY SV US UY VE AD GI IC EA"),
		"zh": strings.Fields("CN SG TW HK MO"),
		"sr": strings.Fields("RS BA ME XK"),
		"ms": strings.Fields("MY SG BN"),
		"kk": strings.Fields("KZ CN"),
		"az": strings.Fields("AZ IR"),
		"uz": strings.Fields("UZ AF"),
	}
	compared := 0
	check := func(asked string) {
		parsed, err := language.Parse(asked)
		if err != nil {
			t.Fatal(err)
		}
		want := ""
		if _, i, sure := matcher.Match(parsed); sure >= language.High {
			want = all[i]
		}
		if got := index.Find(asked); got != want {
			t.Errorf("%s: %q, where golang.org/x/text finds %q", asked, got, want)
		}
		compared++
	}
	for _, one := range all {
		check(one)
		base, _, whole := strings.Cut(one, "-")
		if whole {
			continue
		}
		for _, region := range language.Supported.Regions() {
			if named, ok := at[base]; region.IsCountry() && (!ok || slices.Contains(named, region.String())) {
				check(base + "-" + region.String())
			}
		}
	}
	for _, old := range strings.Fields("no no-NO iw iw-IL in in-ID tl tl-PH mo sh bs cmn zh-Hant-HK zh-Hans-SG sr-Cyrl-RS sr-Latn-RS az-Cyrl uz-Cyrl pa-Arab") {
		check(old)
	}
	t.Logf("%d tags compared", compared)
}

func TestRightToLeft(t *testing.T) {
	for asked, want := range map[string]bool{
		"ar": true, "ar-EG": true, "fa": true, "he": true, "iw-IL": true, "ur-PK": true, "yi": true, "AR": true, "az-Arab": true, "pa-Arab-PK": true,
		"en": false, "de": false, "ja": false, "az": false, "fa-Latn": false, "ar-Latn-EG": false, "pa": false, "": false,
	} {
		if got := tag.RightToLeft(asked); got != want {
			t.Errorf("%s: %v", asked, got)
		}
	}
	scripts := strings.Fields("Adlm Arab Aran Hebr Mand Nkoo Rohg Samr Syrc Thaa")
	for _, base := range language.Supported.BaseLanguages() {
		script, sure := language.Make(base.String()).Script()
		if want := slices.Contains(scripts, script.String()); sure >= language.High && tag.RightToLeft(base.String()) && !want {
			t.Errorf("%s is written in %s", base, script)
		}
	}
	for _, one := range languages(t) {
		script, _ := language.Make(one).Script()
		if want := slices.Contains(scripts, script.String()); tag.RightToLeft(one) != want {
			t.Errorf("%s is written in %s", one, script)
		}
	}
}

func FuzzPrefer(f *testing.F) {
	for _, seed := range []string{"de-AT,de;q=0.9,en;q=0.8", "*;q=0, zh-x-x-x", "q=;q=", strings.Repeat("zh-", 999), "no;q=1e-9,sr-latn;q=0x1p-2", "-;-,*"} {
		f.Add(seed)
	}
	all := languages(f)
	index := tag.NewIndex(all)
	f.Fuzz(func(t *testing.T, header string) {
		if got := index.Prefer(header); !slices.Contains(all, got) {
			t.Errorf("%q", got)
		}
		if got := index.Find(header); got != "" && !slices.Contains(all, got) {
			t.Errorf("%q", got)
		}
		steps := 0
		for range tag.Chain(header) {
			if steps++; steps > len(header)+4 {
				t.Fatal("the chain does not end")
			}
		}
	})
}

// BenchmarkPrefer compares with golang.org/x/text/language: on what a browser sends, and on the worst that a request's
// head of 4 KiB holds.
func BenchmarkPrefer(b *testing.B) {
	all := languages(b)
	index := tag.NewIndex(all)
	var tags []language.Tag
	for _, one := range all {
		tags = append(tags, language.MustParse(one))
	}
	matcher := language.NewMatcher(tags)
	for name, header := range map[string]string{
		"browser": "pt-BR,pt;q=0.9,en-US;q=0.8,en;q=0.7",
		"hostile": strings.Repeat("tlh-Latn-US,", 340),
	} {
		b.Run(name+"/here", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				index.Prefer(header)
			}
		})
		b.Run(name+"/text", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				parsed, _, _ := language.ParseAcceptLanguage(header)
				matcher.Match(parsed...)
			}
		})
	}
}
