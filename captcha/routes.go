package captcha

import "github.com/gofiber/fiber/v2"

// Register adds the guard's routes to app, below Config.Path: Create, Assets for the form field, and Audio where
// Config.Audio is set. An app that wants handlers of its own in front of them, such as a limit of requests, adds these
// before with app.Use, or adds the three routes one by one instead. Path counts from the site's root: app is the app, and
// no group with a prefix.
func (g *Guard) Register(app fiber.Router) {
	app.All(g.cfg.Path, g.Create)
	app.Get(g.cfg.Path+"assets/:file", g.Assets)
	if g.cfg.Audio != nil {
		app.Get(g.cfg.Path+":key/audio.wav", g.Audio)
	}
}
