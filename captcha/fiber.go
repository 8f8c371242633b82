package captcha

import (
	"path"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// Register adds the guard's routes to app, below Config.Path: Create, Field, Assets for the form field, Audio where
// Config.Audio is set, Work and Altcha where Config.Work is, and Exchange, at receipt/, where Config.Receipts is. They
// serve the guards of all purposes that For returns. To put handlers of your own in front of them, such as a limit, add
// these before with app.Use, or add the routes one by one instead. Path counts from the app's root. If app is a group
// with a prefix, Path has to begin with that prefix. Register panics if it does not, and if the app has a handler at
// Path already. An app that is mounted in another may register its guards before or after.
func (g *Guard) Register(app fiber.Router) {
	path := g.pathBelow(app)
	app.All(path, g.Create)
	app.All(path+"field", g.Field)
	if g.cfg.Receipts > 0 {
		app.All(path+"receipt/", g.Exchange)
	}
	// Where the router is strict, a path without its last slash is another one.
	if short := strings.TrimSuffix(path, "/"); short != "" {
		app.All(short, g.Create)
		if g.cfg.Receipts > 0 {
			app.All(path+"receipt", g.Exchange)
		}
	}
	app.Get(path+"assets/:file", g.Assets)
	if g.cfg.Work != nil {
		app.Get(path+":key/work", g.Work)
		app.Get(path+"altcha", g.Altcha)
		app.All(path+"altcha/verify", g.VerifyAltcha)
	}
	if g.cfg.Audio != nil {
		app.Get(path+":key/audio.wav", g.Audio)
	}
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
	return g.cfg.Path
}

// Create answers POST with a challenge as JSON: 200 and
//
//	{"image_type": "image/png", "image_decode": "base64", "captcha_key": "...", "captcha_image": "...", "captcha_value": "..."}
//
// The request's body is ignored. The query may name a purpose, ?purpose=signup, where the app has a guard for it, and
// ?preset=field for a picture as the form field has it. With ?details the reply has image_width and image_height as
// well, in CSS pixels, expires_in, in seconds, and where Config.Audio is set audio_type and audio_url. Another method
// is 405, a storage failure 503; Config.ErrorHandler answers these.
func (g *Guard) Create(c *fiber.Ctx) error {
	return g.answered(c, g.Edge().Create(c.UserContext(), c.Context(), g.routeVisitor(c)))
}

// Field answers POST with a new challenge's form field, as [Challenge.Field] renders it, for a page that the server
// does not render: a static one, or one that React makes. Such a page has the script of the field, which needs no
// version,
//
//	<script type="module" src="/api/captcha/assets/field.js"></script>
//
// and in its form, where the field builds itself,
//
//	<captcha-field data-api="/api/captcha/"></captcha-field>
//
// in the language of the element or of the nearest one around it that has the attribute lang, else in the one that the
// browser prefers. Optional attributes are data-purpose, and data-input-class and data-button-class, which are added to
// the classes. What is in the element is shown until the field is there. The query may have a language and a purpose;
// the request's body is ignored. Another method is 405, a storage failure 503.
func (g *Guard) Field(c *fiber.Ctx) error {
	return g.answered(c, g.Edge().Field(c.UserContext(), c.Context(), g.routeVisitor(c)))
}

// Audio answers GET with the sound of the challenge that the route's parameter "key" names, as a WAV file, in the
// language that the challenge was issued for. Listening does not use the challenge up, and gives the same bytes each
// time. Range asks for a part of the file; Safari plays nothing from a server without it. The answer is 404 for a key
// that is unknown, used or expired, and for any key if Config.Audio is not set. It is 503 if the storage fails.
func (g *Guard) Audio(c *fiber.Ctx) error {
	return g.answered(c, g.Edge().Audio(c.UserContext(), c.Context(), c.Params("key"), g.routeVisitor(c)))
}

// Work answers GET with the work of the challenge that the route's parameter "key" names, in JSON: what a browser needs
// to compute what it submits as captcha_work. It is the same each time, and does not use the challenge up. The answer
// is 404 for a key that is unknown, used or expired, for one that work can't meet, and for any key if Config.Work is
// not set. It is 503 if the storage fails, or if so many clients ask that no work can be set within a second.
func (g *Guard) Work(c *fiber.Ctx) error {
	return g.answered(c, g.Edge().Work(c.UserContext(), c.Context(), c.Params("key"), g.routeVisitor(c)))
}

// Altcha answers GET with a new challenge for ALTCHA's widget, as its protocol has it in version 2. The widget submits
// the work in the field altcha, which Read knows. If letters are demanded, the widget shows them after the work, and
// VerifyAltcha checks both; that needs Config.Receipts. In all else it is like Create.
func (g *Guard) Altcha(c *fiber.Ctx) error {
	return g.answered(c, g.Edge().Altcha(c.UserContext(), c.Context(), g.routeVisitor(c)))
}

// VerifyAltcha answers POST of {"code", "payload"}, as ALTCHA's widget sends it, with
//
//	{"verified": true, "payload": "..."}
//
// whose payload the widget then submits, a receipt, or with {"verified": false}, both 200. The challenge is used up
// either way. A field that is absent or can't be read is refused as Protect does it, and nothing is used up.
func (g *Guard) VerifyAltcha(c *fiber.Ctx) error {
	return g.answered(c, g.Edge().VerifyAltcha(c.UserContext(), c.Context(), g.routeVisitor(c)))
}

// Exchange answers POST with a receipt for a challenge that the body's fields meet: 200 and
//
//	{"captcha_receipt": "...", "expires_in": 300}
//
// so that a script can check an answer before the form is sent, and send the receipt with the form. Refusals are those
// of Protect. It is 404 where Config.Receipts is not set.
func (g *Guard) Exchange(c *fiber.Ctx) error {
	return g.answered(c, g.Edge().Exchange(c.UserContext(), c.Context(), g.routeVisitor(c)))
}

// Receipt gives a receipt to whoever sent the request, whose challenge the handler has just verified. See
// [Guard.ReceiptTo].
func (g *Guard) Receipt(c *fiber.Ctx) (string, error) {
	return g.ReceiptTo(c.UserContext(), g.Visitor(c))
}

// Assets answers GET with the form field's script or style, whichever the path ends with: field.js or field.css, or
// work.js for its worker where Config.Work is set. Any other name is 404.
func (g *Guard) Assets(c *fiber.Ctx) error {
	return g.answered(c, g.Edge().Asset(c.Context(), path.Base(c.Path())))
}

// answered has the error answered, if there is one.
func (g *Guard) answered(c *fiber.Ctx, err error) error {
	if err != nil {
		return g.cfg.ErrorHandler(c, err)
	}
	return nil
}

// Issue returns the challenge to show in a form. If the request is that form, refused because of another field, it is
// the request's own challenge with the letters that were typed, because that is not used up. In any other case, and if
// little time is left to answer it, the challenge is a new one. The error is ErrStorage.
func (g *Guard) Issue(c *fiber.Ctx) (*Challenge, error) {
	return g.Edge().Issue(c.UserContext(), c.Context(), g.Visitor(c))
}

// Visitor returns what the guard knows of whoever sent the request.
func (g *Guard) Visitor(c *fiber.Ctx) Visitor {
	visitor := Visitor{Language: g.Language(c)}
	if g.cfg.Pressure != nil {
		visitor.Client = g.cfg.Client(c)
	}
	if g.cfg.Binding != nil {
		visitor.Binding = g.cfg.Binding(c)
	}
	if g.cfg.Demand != nil {
		visitor.Demand = g.cfg.Demand(c, g.purpose)
	}
	return visitor
}

// routeVisitor is Visitor for a request to one of the guard's own routes, whose query names the purpose.
func (g *Guard) routeVisitor(c *fiber.Ctx) Visitor {
	if other := g.ofPurpose(c.Query("purpose")); other != nil {
		g = other
	}
	return g.Visitor(c)
}

// Language returns the best language for the request's visitor: Config.Language, or the best match for the
// Accept-Language header.
func (g *Guard) Language(c *fiber.Ctx) string { return g.Edge().Language(c.Context()) }

// Protect lets a request through if its body brings what is demanded, in JSON, urlencoded or multipart fields: the key
// and the right answer, the key and the solution of its work, or a receipt. Others go to Config.ErrorHandler.
func (g *Guard) Protect(c *fiber.Ctx) error {
	if err := g.Check(c); err != nil {
		return g.cfg.ErrorHandler(c, err)
	}
	return c.Next()
}

// Check is Read and Verify in one, for a handler that answers errors itself. It lets everything pass that Config.Next
// skips, or for which Config.Demand returns Nothing.
func (g *Guard) Check(c *fiber.Ctx) error {
	if g.cfg.Next != nil && g.cfg.Next(c) {
		return nil
	}
	submission, err := g.Read(c)
	if err != nil {
		return err
	}
	return g.Verify(c.UserContext(), submission)
}

// Read returns the submission in a request's JSON, urlencoded or multipart body. It does not use the challenge up, so
// that a form can report its own fields' errors together with these. The error is FieldErrors, or *Error where the body
// can't be read, and Config.Observe is told of it.
func (g *Guard) Read(c *fiber.Ctx) (Submission, error) {
	return g.Edge().Read(c.UserContext(), c.Context(), g.Visitor(c))
}

// Fields returns the named fields of a request's JSON, urlencoded or multipart body, read as Protect reads the
// captcha's: names must match exactly, and each field is one text. An app that reads its own fields with it refuses
// what the guard refuses. Fields that are absent are not in the map, nor are those in the error. The error is
// FieldErrors if a field is null, not a text or given twice, or *Error if the body can't be read.
func Fields(c *fiber.Ctx, names ...string) (map[string]string, error) {
	return FieldsOf(c.Context(), names...)
}

// Reply answers a request that was refused in the JSON of django-rest-captcha: 400 with the reason by field; 503 with
// Retry-After when the storage failed. An error that is not from this package is returned as it is.
func Reply(c *fiber.Ctx, err error) error { return ReplyTo(c.Context(), err) }
