package captcha

import (
	"context"
	"encoding/json"

	"github.com/fibercaptcha/fibercaptcha/captcha/work"
)

// IssueUndrawn issues a challenge without drawing it, for tests that need thousands.
func IssueUndrawn(g *Guard) error {
	_, _, err := g.issue(context.Background(), Visitor{}, replyPreset)
	return err
}

// FieldWork is what the field's template is told about work.
func FieldWork(c *Challenge) (url, worker, solved string) {
	d := c.fieldData(FieldOptions{})
	return d.WorkURL, d.Worker, d.Solved
}

// SolutionOf is the right solution for a challenge whose work nobody is told.
func SolutionOf(ctx context.Context, g *Guard, key string) string {
	c, err := g.peek(ctx, key, Visitor{})
	if err != nil {
		panic(err)
	}
	text, err := g.cfg.Work.Challenge(ctx, workSeed(c), c.Terms.Level)
	if err != nil {
		panic(err)
	}
	var set work.Challenge
	if err := json.Unmarshal(text, &set); err != nil {
		panic(err)
	}
	solution, err := set.Solve(ctx)
	if err != nil {
		panic(err)
	}
	return solution
}

// DefaultTexts are the texts that an app carries.
func DefaultTexts() map[string]Texts { return defaultTexts() }

// Direction is the way that a language is written.
func Direction(language string) string { return direction(language) }

// FirstLanguages are the languages by their places in keys of the first version.
func FirstLanguages(g *Guard) []string { return g.firstLanguages() }
