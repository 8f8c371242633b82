package captcha

import (
	"path"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// Register adds the guard's routes to app, below Config.Path: Create, Field and Assets; Audio if Config.Audio is set;
// Work and Altcha if Config.Work is set; and Exchange, at receipt/, if Config.Receipts is set. The routes serve every
// purpose for which For has returned a guard.
//
// To put handlers of your own in front of the routes, such as a limit, add them with app.Use before you call Register,
// or add the routes one by one instead. Path counts from the app's root: if app is a group with a prefix, Path has to
// begin with that prefix. Register panics if it does not, or if the app already has a handler at Path. An app that is
// mounted in another may register its guards before it is mounted or after.
func (g *Guard) Register(app fiber.Router) {
	path := g.pathBelow(app)
	app.All(path, g.Create)
	app.All(path+"field", g.Field)
	if g.cfg.Receipts > 0 {
		app.All(path+"receipt/", g.Exchange)
	}
	// To a strict router, a path without its last slash is another path.
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
// The request's body is ignored. In the query, ?purpose=signup names a purpose, for which the app must have a guard,
// and ?preset=field asks for a picture like the form field's. With ?details the reply also has image_width and
// image_height in CSS pixels, expires_in in seconds and, if Config.Audio is set, audio_type and audio_url.
// Config.ErrorHandler answers another method with 405, and a storage failure with 503.
func (g *Guard) Create(c *fiber.Ctx) error {
	return g.answered(c, g.Edge().Create(c.UserContext(), c.Context(), g.routeVisitor(c)))
}

// Field answers POST with a new challenge's form field, as [Challenge.Field] renders it, for a page that the server
// does not render: a static one, or one that React makes. Such a page loads the field's script, whose address needs no
// version here:
//
//	<script type="module" src="/api/captcha/assets/field.js"></script>
//
// Its form contains an element in which the field builds itself:
//
//	<captcha-field data-api="/api/captcha/"></captcha-field>
//
// The field is in the language of the attribute lang, which may be the element's own or that of the nearest element
// around it; without one, it is in the language that the browser prefers. Three more attributes are optional:
// data-purpose, and data-input-class and data-button-class, whose classes are added to the field's own. What is inside
// the element is shown until the field is there.
//
// The query may name a language and a purpose; the request's body is ignored. Another method is answered with 405, and
// a storage failure with 503.
func (g *Guard) Field(c *fiber.Ctx) error {
	return g.answered(c, g.Edge().Field(c.UserContext(), c.Context(), g.routeVisitor(c)))
}

// Audio answers GET with the sound of the challenge that the route's parameter "key" names, as a WAV file, in the
// language that the challenge was issued for. Listening does not use the challenge up, and the file is the same each
// time. A request may ask for a part of the file with the header Range; Safari plays nothing from a server that doesn't
// support that. The answer is 404 for a key that is unknown, used or expired, and for any key if Config.Audio is not
// set. It is 503 if the storage fails.
func (g *Guard) Audio(c *fiber.Ctx) error {
	return g.answered(c, g.Edge().Audio(c.UserContext(), c.Context(), c.Params("key"), g.routeVisitor(c)))
}

// Work answers GET with the work of the challenge that the route's parameter "key" names, in JSON: what a browser needs
// in order to compute what it submits as captcha_work. The work is the same each time, and asking for it does not use
// the challenge up. The answer is 404 for a key that is unknown, used or expired, for one whose challenge work can't
// meet, and for any key if Config.Work is not set. It is 503 if the storage fails, or if so many clients ask that no
// work can be made within a second.
func (g *Guard) Work(c *fiber.Ctx) error {
	return g.answered(c, g.Edge().Work(c.UserContext(), c.Context(), c.Params("key"), g.routeVisitor(c)))
}

// Altcha answers GET with a new challenge for ALTCHA's widget, in version 2 of its protocol. The widget submits the
// work in the field altcha, which Read knows. If letters are demanded, the widget shows them after the work, and
// VerifyAltcha checks both; that needs Config.Receipts. In everything else it is like Create.
func (g *Guard) Altcha(c *fiber.Ctx) error {
	return g.answered(c, g.Edge().Altcha(c.UserContext(), c.Context(), g.routeVisitor(c)))
}

// VerifyAltcha checks the {"code", "payload"} that ALTCHA's widget sends by POST. If they meet the challenge, the reply
// is
//
//	{"verified": true, "payload": "..."}
//
// Its payload is a receipt, which the widget then submits. Otherwise the reply is {"verified": false}. Both have the
// status 200, and the challenge is used up either way. A field that is absent or can't be read is refused as Protect
// refuses it, and nothing is used up.
func (g *Guard) VerifyAltcha(c *fiber.Ctx) error {
	return g.answered(c, g.Edge().VerifyAltcha(c.UserContext(), c.Context(), g.routeVisitor(c)))
}

// Exchange answers POST with a receipt for a challenge that the body's fields meet: 200 and
//
//	{"captcha_receipt": "...", "expires_in": 300}
//
// A script can thus check an answer before the form is sent, and send the receipt with the form. What Protect would
// refuse, Exchange refuses in the same way. The answer is 404 if Config.Receipts is not set.
func (g *Guard) Exchange(c *fiber.Ctx) error {
	return g.answered(c, g.Edge().Exchange(c.UserContext(), c.Context(), g.routeVisitor(c)))
}

// Receipt returns a receipt for whoever sent the request. Call it when the handler has just verified the visitor's
// challenge. See [Guard.ReceiptTo].
func (g *Guard) Receipt(c *fiber.Ctx) (string, error) {
	return g.ReceiptTo(c.UserContext(), g.Visitor(c))
}

// Assets answers GET with the file whose name the path ends with: field.js, the form field's script; field.css, its
// style; or, if Config.Work is set, work.js, the script of its worker. The answer is 404 for any other name.
func (g *Guard) Assets(c *fiber.Ctx) error {
	return g.answered(c, g.Edge().Asset(c.Context(), path.Base(c.Path())))
}

// answered gives the error, if there is one, to Config.ErrorHandler.
func (g *Guard) answered(c *fiber.Ctx, err error) error {
	if err != nil {
		return g.cfg.ErrorHandler(c, err)
	}
	return nil
}

// Issue returns the challenge to show in a form. If the request is that form, sent and refused because of another
// field, its challenge is not used up: Issue returns it once more, with the letters that were typed. In any other case,
// and if little time is left to answer the challenge, Issue returns a new one. The error is ErrStorage.
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
// and the right answer, the key and the solution of its work, or a receipt. Any other request goes to
// Config.ErrorHandler.
func (g *Guard) Protect(c *fiber.Ctx) error {
	if err := g.Check(c); err != nil {
		return g.cfg.ErrorHandler(c, err)
	}
	return c.Next()
}

// Check is Read and Verify in one, for a handler that answers errors itself. It also accepts a request that Config.Next
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
// that a form can report the errors of its own fields together with the captcha's. The error is FieldErrors, or *Error
// if the body can't be read, and Config.Observe is told of it.
func (g *Guard) Read(c *fiber.Ctx) (Submission, error) {
	return g.Edge().Read(c.UserContext(), c.Context(), g.Visitor(c))
}

// Fields returns the named fields of a request's JSON, urlencoded or multipart body, read as Protect reads the
// captcha's: names must match exactly, and each field is one text. An app that reads its own fields with it refuses
// what the guard refuses. The map has neither the fields that are absent nor those that the error names. The error is
// FieldErrors if a field is null, not a text or given twice, or *Error if the body can't be read.
func Fields(c *fiber.Ctx, names ...string) (map[string]string, error) {
	return FieldsOf(c.Context(), names...)
}

// Reply answers a refused request with the JSON of django-rest-captcha: 400 with the reason for each field, or 503 with
// Retry-After if the storage failed. An error that is not from this package is returned as it is.
func Reply(c *fiber.Ctx, err error) error { return ReplyTo(c.Context(), err) }
