package settings

import (
	"fmt"
	"strings"
)

// cacheKey is the form of the names of challenges. The site's own entries can lie in the same storage, and a visitor
// says what stands for {key}: were "m{key}" accepted, the key "essage_12" would name a message, and an answer for it
// remove that.
type cacheKey string

// siteNames are how the names of the site's entries begin.
var siteNames = []string{"account_", "accounts", "attempts_", "kept_", "message_", "ready_", "session_"}

func (k *cacheKey) UnmarshalText(text []byte) error {
	*k = cacheKey(text)
	before, after, _ := strings.Cut(string(text), "{key}")
	if after != "" {
		return nil // none of the site's names ends so
	}
	for _, name := range siteNames {
		if before != "" && (strings.HasPrefix(name, before) || strings.HasPrefix(before, name)) {
			return fmt.Errorf("must begin differently, as in rest_captcha_{key}: names that begin with %q belong to the site's own entries", name)
		}
	}
	return nil
}
