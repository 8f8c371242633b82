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
var siteNames = []string{
	"account_", "accounts", "attempts_", "kept_", "logins_", "message_", "once_", "ready_", "session_", "siteverify_",
}

func (k *cacheKey) UnmarshalText(text []byte) error {
	*k = cacheKey(text)
	// What comes after {key} is no help: the names of messages end with any digit, those of accounts with any letter.
	before, _, found := strings.Cut(string(text), "{key}")
	if !found {
		return nil // the captcha refuses it
	}
	for _, name := range siteNames {
		if strings.HasPrefix(name, before) || strings.HasPrefix(before, name) {
			return fmt.Errorf("names that begin with %q are of the site's own entries; accepted is another beginning, as in rest_captcha_{key}", name)
		}
	}
	return nil
}
