// Package captcha guards the forms and endpoints of a Fiber app with challenges that the app issues and verifies by
// itself: a picture of a few letters, and the same letters spoken. Nothing is fetched from another host, and a visitor
// needs no JavaScript.
//
//	package main
//
//	import (
//		"log"
//
//		"github.com/fibercaptcha/fibercaptcha/captcha"
//		"github.com/gofiber/fiber/v2"
//	)
//
//	func main() {
//		guard := captcha.New()
//		app := fiber.New()
//		app.All("/api/captcha/", guard.Create)
//		app.Post("/api/contact", guard.Protect, func(c *fiber.Ctx) error {
//			return c.Status(fiber.StatusCreated).JSON(fiber.Map{"detail": "Thank you."})
//		})
//		log.Fatal(app.Listen(":3000"))
//	}
//
// Create answers POST with a challenge in JSON: a picture and a key. Protect reads that key and the visitor's answer
// from the request, and calls the next handler if the answer is right. For a form that the server renders, Issue issues
// a
// challenge, Field is its HTML, and Check verifies a submission; the first example is such a form.
//
// # What it stops, and what it does not
//
// It stops scripts that post to every form they find, and text recognition as it can be had ready-made. An answer is
// accepted once, on any number of replicas, and a wrong one uses its challenge up, so that a guess costs a new
// challenge: with the default settings one blind guess in some 130,000 is right.
//
// It does not stop a network that somebody trained on these pictures, for whoever has this source can make labelled
// pictures without end, nor people who are paid to solve them. Models that read pictures read these as they come. So
// put limits
// beside it: of challenges and submissions per network (the package captcha/limit), of failed logins
// (captcha/attempts),
// of accounts per mail domain, of what a new account may do. The captcha makes each attempt cost
// something; the limits make many attempts cost a lot.
//
// # A submission
//
// The body is JSON, urlencoded or multipart and holds two fields, captcha_key and captcha_value. White space around
// them does not count, nor does the letters' case. Where the settings allow it, captcha_receipt stands in place of
// both,
// captcha_work in place of captcha_value, or ALTCHA's altcha in place of both. Of receipt, work, altcha and letters the
// first that is there is judged, and the others are not read. There are five reasons to refuse one, each an error to
// test for
// with [errors.Is]:
//
//   - [ErrMissing]: a field is absent, null or blank. Nothing is used up.
//   - [ErrMalformed]: a field is too long, given twice or not text, or the body can't be read; its status is 413 for one that
//     is too large and 415 for one of another media type. Nothing is used up.
//   - [ErrUnknownKey]: the key or the receipt was never issued, was used before, has expired, or is for something else.
//   - [ErrWrongAnswer]: the answer or the work is wrong, or no person gave it (Config.Trap, Config.Pause). The challenge
//     is used up.
//   - [ErrStorage]: the storage failed. The submission is neither right nor wrong, and is not let through.
//
// [Reply] answers them in the JSON of django-rest-captcha, whose clients work with this package unchanged (the README of this
// folder lists each reply); a
// Config.ErrorHandler of your own answers in any other way. Check the form's own fields before the captcha, so that a
// typing error in an address costs no challenge: with [Guard.Read] and [Fields], then your own rules, then
// [Guard.Verify]. What a
// bot would like to know, such as whether an address has an account, comes after it.
//
// # Sealed or stored
//
// A challenge is sealed in its own key, unless Config.Stored is set: encrypted and authenticated with a secret of the
// server, so that issuing it writes nothing anywhere. A million challenges that nobody answers cost nothing to keep.
// What the storage remembers is the keys that were used, until they would have expired. The key is 64 characters
// long and says nothing to a client.
//
// The secret is one of Config.Secrets; without them all replicas agree on one through Config.Storage; without a
// storage it is random, and challenges that were shown before a restart are refused after it. To change a secret, put
// the new one in front and remove the old one after one Expiration.
//
// # Storages
//
// Without Config.Storage a guard keeps used keys in the memory of its process, 524,288 of them at most. When that is
// full it fails with ErrStorage until some have expired; it never forgets one early. That suits one process. For
// several, or to keep used keys over a restart, give all of them one storage.
//
// Any [fiber.Storage] will do. One that also has [Adder], and [Taker] where challenges are stored, makes a challenge
// single use on all replicas: the five methods of fiber.Storage alone can't, because between a Get and a Delete there
// is room for another replica's Get. A storage without them is used under a lock, which holds within one process, and
// that is logged at start. The package captcha/storagetest tests whether a storage keeps its promises.
//
// The clocks of replicas may be up to 5 seconds apart: a used key is remembered for that much longer than it lives, so
// that
// neither a clock that is behind nor one that is set back by as much lets it be used again. A challenge of a replica
// whose
// clock is further ahead is unknown to the others.
//
// Single use lasts as long as the storage's memory. A storage that goes back to an older state, as a Redis does that
// restarts from a snapshot or a replica that is promoted while it lags, has lost what happened since: a spent key is
// unspent in it, and a stored challenge that was taken is there again. Neither way of keeping cures that. Only durable
// writes do: in Redis the append-only file with appendfsync always.
//
// # What a challenge is for
//
// Config.Purpose says what a guard's challenges are for, and Guard.For returns a guard for another purpose with the
// same
// settings, storage and routes:
//
//	guard := captcha.New()
//	signup, contact := guard.For("signup"), guard.For("contact")
//
// A challenge issued by one is unknown to the others, and is not used up there: whoever solves the contact form's can't
// spend it on an account. Config.Binding ties a challenge to its visitor as well, by a session's id or whatever the app
// says of the request. Both are authenticated with the key, which reveals neither, and take no room in the storage.
//
// Guards with other settings in one app, such as a longer answer for accounts, each need a Path of their own, where the
// field finds its guard's new challenges and sound.
//
// # Receipts
//
// Config.Receipts turns a met challenge into a receipt: proof, good once, for its purpose and its visitor, for a stated
// time, on all replicas. A form of two pages asks for the captcha on its first, calls [Guard.Receipt], and puts the
// receipt
// into its second page as the hidden field captcha_receipt; Check and Protect accept it there in place of key and
// answer.
// A script that checks an answer before the form is sent posts key and answer to Path plus receipt/ ([Guard.Exchange])
// and
// sends the receipt with the form. A form that is sent twice succeeds once. Beyond the mark that the challenge is
// spent,
// nothing is kept of a receipt until it is used.
//
// # Only where it is earned
//
// The package captcha/attempts lets a login go without a captcha until there were some failures for its account or from
// its
// network; it is one call in the handler. The package captcha/limit bounds how often a network may ask a route, and
// answers
// what is more with 429, in the words of Django REST framework. Neither is linked into an app that does not import it.
//
// # Sent twice
//
// A visitor without script who clicks Send twice sends the form twice, and sees what the second one is answered: that the
// captcha was used. The package captcha/once, before the form's handler, answers the second one as the first, within ten
// seconds, on any replica, also while the first is under way. With script the form field sends its form once.
//
// # Pressure
//
// Config.Pressure asks more of a client in whose network guesses fail, and less again once they stop. The package
// captcha/pressure is given as the setting, so that apps without it carry none of it:
//
//	guard := captcha.New(captcha.Config{Pressure: pressure.New(), Work: work.New()})
//
// Each of three levels adds letters and work to what is demanded anyway, and the highest demands letters and work
// together where Config.Work is set: that locks out who has no script, on a network under attack, while it lasts. A
// network in which no guess fails stays at level 0, whatever happens elsewhere. The level is sealed in the
// challenge. It is decided again when the answer comes, and a challenge that is two levels behind by then is
// unknown. Config.Client says which address a request comes from, for an app behind a proxy. Each process watches
// what it answers itself, in 8 MiB of memory at most. Event.Level and Pressure.Status tell how things are, Fixed and
// Exempt in the package's Config overrule it. The reply of Create then has the members captcha_asks (letters, either
// or both) and captcha_length (0 where lengths differ).
//
// # A trap and a pause
//
// Config.Trap names a text field that people never see. The form field has it out of sight, inert, without a place
// in the order of keys and hidden from screen readers, so that neither a person nor a browser that fills in what it
// knows gets there; without the style its label says to leave it empty. Config.Pause is the least time between issue
// and answer. A program that fills in every field, or answers letters at once, is told what is told of a wrong
// answer, and its challenge is used up; the Event has the reason Trapped or TooSoon. Both stop programs that are not
// made for your form, and nobody else: one that was made for it leaves the field empty and waits. The pause does not
// hold for work alone. A browser may have computed that before its visitor has looked at the page, and the work
// takes its own time. Nor do receipts wait, for their letters did. Test an app with a pause by moving Config.Now.
//
// # Pictures, sound and the form field
//
// Config.Picture sets size, fonts, colours and styles; see the package captcha/picture. Sound is spoken by the package
// captcha/audio, which is given as Config.Audio so that apps without sound do not carry its recordings:
//
//	guard := captcha.New(captcha.Config{Audio: audio.New()})
//	guard.Register(app)
//
// Register adds the routes that the form field uses, which Config.Path moves. Without JavaScript the field works too,
// but for the button that gets other letters. None of the routes needs a CSRF token: they change nothing that is a
// visitor's. A page with a field is one visitor's, so answer it with Cache-Control: no-store.
//
// People who can't see the picture need the sound, or another way in. The text alternative of the picture says what it
// is for and where the sound is, not what it shows. A form of your own should do the same.
//
// # Work
//
// A visitor's browser can meet a challenge by computing, with nothing to see, hear or type. The package captcha/work is
// given as Config.Work, so that apps without it carry none of it:
//
//	guard := captcha.New(captcha.Config{Work: work.New()})
//	guard.Register(app)
//
// The work belongs to the same challenge as the letters: it has the same key and expiry, and whichever of letters,
// sound
// and work is submitted first uses it up for all of them. Guard.Work serves it. The browser submits the solution as
// captcha_work beside the key; the form field does that by itself, in a worker, where a page has script and a secure
// context. Everybody else types the letters.
//
// Config.Demand decides what a request must bring, by the request and the purpose:
//
//	Demand: func(c *fiber.Ctx, purpose string) captcha.Demand {
//		switch {
//		case purpose == "contact":
//			return captcha.LettersOnly
//		case suspicious(c.IP()):
//			return captcha.LettersAndWork.AtLevel(3)
//		default:
//			return captcha.LettersOrWork
//		}
//	}
//
// What each is worth:
//
//   - [LettersOrWork], the default, stops scripts that know nothing of this package, and makes the others pay a fifth
//     of
//     a second of one core for each submission: a million of them take one core some two days. A program does the work
//     as fast as a browser, and a graphics card far faster. It is the kindest demand, and no stronger than the cheaper
//     of
//     its two ways.
//   - [LettersOnly] asks for a reader: a person, or a network that somebody trained. It takes a visitor some ten
//     seconds.
//   - [LettersAndWork] adds the price of the work to that of the letters. It is for the visitor whom the app suspects,
//     for
//     it locks out who has no script.
//   - [Nothing] lets the request pass.
//
// Demand.AtLevel doubles the work with each level: where one visitor waits a second, a program that comes a million
// times
// needs one core for twelve days. What is demanded is sealed in the challenge when it is issued, level and all, and
// demanded again of the
// request that brings the submission. A challenge that was issued for less is refused as an unknown one, and used up;
// so
// a visitor whose demand was raised in between meets a new challenge. A receipt counts for what was brought for it.
//
// # ALTCHA's widget
//
// The widget of ALTCHA works with this package unchanged, in version 2 of its protocol. Its challenge attribute is the
// path of Guard.Altcha:
//
//	<altcha-widget challenge="/api/captcha/altcha?purpose=signup"></altcha-widget>
//
// Read, Check and Protect know its field, altcha. Where letters are demanded, and Config.Receipts is set, the widget
// shows
// our picture after the work, plays our sound, and has Guard.VerifyAltcha exchange both for a receipt. Under a
// Content-Security-Policy use the files in the dist/external of its package.
//
// # A server for other backends
//
// The package captcha/siteverify makes a captcha server of an app, for pages on other origins and backends in any
// language. It is one more registration before the guard's, and is not linked into an app that does not import it:
//
//	siteverify.New(siteverify.Config{Guard: guard, Sites: sites}).Register(app)
//	guard.Register(app)
//
// A page has one script and one element, and its backend posts a secret and the response that the form brought to
// /api/siteverify, whose replies the server libraries of reCAPTCHA, hCaptcha and Turnstile can read.
//
// # Testing your own forms
//
// Leave the captcha on, and let the test solve it: the package captcha/captchatest reads the answer of a challenge for
// a [testing.TB], and for nothing else.
//
//	answer := captchatest.Solve(t, guard, key)
//	solution := captchatest.Work(t, guard, key, captcha.Visitor{})
//
// Where the test runs in another process than the app, as a browser test may, it makes a guard with the app's settings,
// on the same Config.Secrets or the same storage. Compat.InsecureMasterAnswers are fixed pairs of key and answer for a
// client that can do neither: anyone who knows one gets past the captcha, so keep them out of production.
//
// # Security
//
// Answers, keys and seeds come from crypto/rand. A picture is drawn from a secret seed that can't be derived from the
// key, so that it can't be drawn again for every possible answer and compared. Asking again for the sound of a
// challenge gives the same bytes, so that there is no second rendering to average away the noise with. The time that a
// comparison takes says nothing about the answer. When the storage fails, the guard refuses: a submission that can't be
// checked is not let through. Nothing secret is logged.
//
// Use TLS, as for the form itself. Don't put Create behind a cache: it sends Cache-Control: no-store, and Fiber's cache
// middleware must not be used on its route.
package captcha
