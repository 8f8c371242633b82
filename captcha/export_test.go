package captcha

import "context"

// IssueUndrawn issues a challenge without drawing it, for tests that need thousands.
func IssueUndrawn(g *Guard) error {
	_, _, err := g.issue(context.Background(), Visitor{}, replyPreset)
	return err
}
