package fiberv3

import (
	"path"
	"strings"

	"github.com/gofiber/fiber/v3"

	"github.com/fibercaptcha/fibercaptcha/captcha"
)

// Register adds the guard's routes to app, below Config.Path: Create, Field and Assets; Audio if Config.Audio is set;
// Work and Altcha if Config.Work is set; and Exchange, at receipt/, if Config.Receipts is set. Path counts from the
// app's root: if app is a group with a prefix, Path has to begin with that prefix. Register panics if it does not, or
// if the app already has a handler at Path. An app that is mounted in another with Use may register its guards before
// it is mounted or after.
func (g *Guard) Register(app fiber.Router) {
	path := g.pathBelow(app)
	both(app, path, g.Create)
	app.All(path+"field", g.Field)
	if g.cfg.Receipts > 0 {
		both(app, path+"receipt/", g.Exchange)
	}
	app.Get(path+"assets/:file", g.Assets)
	if g.cfg.Audio != nil {
		app.Get(path+":key/audio.wav", g.Audio)
	}
	if g.cfg.Work != nil {
		app.Get(path+":key/work", g.Work)
		app.Get(path+"altcha", g.Altcha)
		app.All(path+"altcha/verify", g.VerifyAltcha)
	}
}

// both adds a route with and without its last slash, because to a strict router these are two routes.
func both(app fiber.Router, path string, handler fiber.Handler) {
	app.All(path, handler)
	app.All(strings.TrimSuffix(path, "/"), handler)
}

// pathBelow returns Config.Path as it is to be registered with app.
func (g *Guard) pathBelow(app fiber.Router) string {
	switch app := app.(type) {
	case *fiber.App:
		for _, route := range app.GetRoutes(true) {
			if err := g.Edge().Clash(route.Method, route.Path); err != nil {
				panic(err)
			}
		}
		g.Edge().Mounted(app.MountPath)
	case *fiber.Group:
		path, err := g.Edge().PathBelow(app.Prefix)
		if err != nil {
			panic(err)
		}
		return path
	}
	return g.Edge().Path()
}

// Create answers POST with a challenge as JSON.
func (g *Guard) Create(c fiber.Ctx) error {
	return g.answered(c, g.Edge().Create(c.Context(), c.RequestCtx(), g.routeVisitor(c)))
}

// Field answers POST with a new challenge's form field in HTML, for a page that the server does not render.
func (g *Guard) Field(c fiber.Ctx) error {
	return g.answered(c, g.Edge().Field(c.Context(), c.RequestCtx(), g.routeVisitor(c)))
}

// Audio answers GET with the sound of the challenge that the route's parameter "key" names, as a WAV file.
func (g *Guard) Audio(c fiber.Ctx) error {
	return g.answered(c, g.Edge().Audio(c.Context(), c.RequestCtx(), c.Params("key"), g.routeVisitor(c)))
}

// Work answers GET with the work of the challenge that the route's parameter "key" names, in JSON.
func (g *Guard) Work(c fiber.Ctx) error {
	return g.answered(c, g.Edge().Work(c.Context(), c.RequestCtx(), c.Params("key"), g.routeVisitor(c)))
}

// Altcha answers GET with a new challenge for ALTCHA's widget.
func (g *Guard) Altcha(c fiber.Ctx) error {
	return g.answered(c, g.Edge().Altcha(c.Context(), c.RequestCtx(), g.routeVisitor(c)))
}

// VerifyAltcha answers POST with a receipt for the work and the letters that ALTCHA's widget sends.
func (g *Guard) VerifyAltcha(c fiber.Ctx) error {
	return g.answered(c, g.Edge().VerifyAltcha(c.Context(), c.RequestCtx(), g.routeVisitor(c)))
}

// Exchange answers POST with a receipt for a challenge that the body's fields meet.
func (g *Guard) Exchange(c fiber.Ctx) error {
	return g.answered(c, g.Edge().Exchange(c.Context(), c.RequestCtx(), g.routeVisitor(c)))
}

// Assets answers GET with the file whose name the path ends with: field.js, the form field's script; field.css, its
// style; or, if Config.Work is set, work.js, the script of its worker.
func (g *Guard) Assets(c fiber.Ctx) error {
	return g.answered(c, g.Edge().Asset(c.RequestCtx(), path.Base(c.Path())))
}

// answered gives the error, if there is one, to Config.ErrorHandler.
func (g *Guard) answered(c fiber.Ctx, err error) error {
	if err != nil {
		return g.cfg.ErrorHandler(c, err)
	}
	return nil
}

// Issue returns the challenge to show in a form: the one that the request brings back unspent, or a new one. The error
// is captcha.ErrStorage.
func (g *Guard) Issue(c fiber.Ctx) (*captcha.Challenge, error) {
	return g.Edge().Issue(c.Context(), c.RequestCtx(), g.Visitor(c))
}

// Receipt returns a receipt for whoever sent the request. Call it when the handler has just verified the visitor's
// challenge.
func (g *Guard) Receipt(c fiber.Ctx) (string, error) { return g.ReceiptTo(c.Context(), g.Visitor(c)) }

// Visitor returns what the guard knows of whoever sent the request.
func (g *Guard) Visitor(c fiber.Ctx) captcha.Visitor { return g.visitorFor(c, g.Edge()) }

// routeVisitor is Visitor for a request to one of the guard's own routes, whose query names the purpose.
func (g *Guard) routeVisitor(c fiber.Ctx) captcha.Visitor {
	edge, err := g.Edge().For(c.RequestCtx())
	if err != nil {
		edge = g.Edge()
	}
	return g.visitorFor(c, edge)
}

func (g *Guard) visitorFor(c fiber.Ctx, edge captcha.Edge) captcha.Visitor {
	visitor := captcha.Visitor{Language: g.Language(c)}
	if g.cfg.Binding != nil {
		visitor.Binding = g.cfg.Binding(c)
	}
	if g.cfg.Pressure != nil {
		visitor.Client = g.cfg.Client(c)
	}
	if g.cfg.Demand != nil {
		visitor.Demand = g.cfg.Demand(c, edge.Purpose())
	}
	return visitor
}

// Language returns the best language for the request's visitor.
func (g *Guard) Language(c fiber.Ctx) string { return g.Edge().Language(c.RequestCtx()) }

// Protect lets a request through if its body brings what is demanded. Any other request goes to Config.ErrorHandler.
func (g *Guard) Protect(c fiber.Ctx) error {
	if err := g.Check(c); err != nil {
		return g.cfg.ErrorHandler(c, err)
	}
	return c.Next()
}

// Check is Read and Verify in one. It also accepts a request that Config.Next skips, or for which Config.Demand returns
// captcha.Nothing.
func (g *Guard) Check(c fiber.Ctx) error {
	if g.cfg.Next != nil && g.cfg.Next(c) {
		return nil
	}
	submission, err := g.Read(c)
	if err != nil {
		return err
	}
	return g.Verify(c.Context(), submission)
}

// Read returns the submission in a request's body, and uses nothing up.
func (g *Guard) Read(c fiber.Ctx) (captcha.Submission, error) {
	return g.Edge().Read(c.Context(), c.RequestCtx(), g.Visitor(c))
}

// Fields returns the named fields of a request's body, read as Protect reads the captcha's. See captcha.Fields.
func Fields(c fiber.Ctx, names ...string) (map[string]string, error) {
	return captcha.FieldsOf(c.RequestCtx(), names...)
}

// Reply answers a refused request with the JSON of django-rest-captcha. An error that is not from the package captcha
// is returned as it is.
func Reply(c fiber.Ctx, err error) error { return captcha.ReplyTo(c.RequestCtx(), err) }
