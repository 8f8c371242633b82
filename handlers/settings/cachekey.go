package settings

import (
	"fmt"
	"strings"
)

// cacheKey is the template of the challenges' names. The site's own entries may be in the same storage, and a visitor
// chooses the text that replaces {key}. If "m{key}" were accepted, the key "essage_12" would name a message, and an
// answer to it would remove that message.
type cacheKey string

// siteNames are the beginnings of the names of the site's own entries.
var siteNames = []string{
	"account_", "accounts", "attempts_", "kept_", "logins_", "message_", "once_", "ready_", "session_", "siteverify_",
}

func (k *cacheKey) UnmarshalText(text []byte) error {
	*k = cacheKey(text)
	// What comes after {key} does not help: the names of messages end with any digit, those of accounts with any letter.
	before, _, found := strings.Cut(string(text), "{key}")
	if !found {
		return nil // the captcha refuses it
	}
	for _, name := range siteNames {
		if strings.HasPrefix(name, before) || strings.HasPrefix(before, name) {
			return fmt.Errorf("must begin differently, as in rest_captcha_{key}: names that begin with %q belong to the site's own entries", name)
		}
	}
	return nil
}
