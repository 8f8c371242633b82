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
// a challenge, Field is its HTML, and Check verifies a submission; the first example is such a form.
//
// # What it stops, and what it does not
//
// It stops scripts that post to every form they find, and text recognition as it can be had ready-made. An answer is
// accepted once, on any number of replicas, and a wrong one uses its challenge up, so that a guess costs a new
// challenge: with the default settings one blind guess in some 130,000 is right.
//
// It does not stop a neural network that somebody trained on these pictures, because anybody can draw any number of
// labelled pictures with this source. Nor does it stop people who are paid to solve them, or vision-language models,
// which read them without training. So use limits too: on challenges and submissions per network (the package
// captcha/limit), on failed logins (captcha/attempts), on accounts per mail domain, and on what a new account may do.
// The captcha makes each attempt cost something; the limits make many attempts cost a lot.
//
// # A submission
//
// The body is JSON, urlencoded or multipart and holds two fields, captcha_key and captcha_value. White space around
// them is ignored, and so is the letters' case. If the settings allow it, a submission may have captcha_receipt or
// ALTCHA's altcha in place of both fields, or captcha_work in place of captcha_value. The guard judges the first of
// receipt, work, altcha and letters that is there, and does not read the others. There are five reasons to refuse a
// submission, each an error to test for with [errors.Is]:
//
//   - [ErrMissing]: a field is absent, null or blank. Nothing is used up.
//   - [ErrMalformed]: a field is too long, given twice or not text, or the body can't be read. The status is 413 if the
//     body is too large, and 415 if its media type is not accepted. Nothing is used up.
//   - [ErrUnknownKey]: the key or the receipt was never issued, was used before, has expired, or is for something else.
//   - [ErrWrongAnswer]: the answer or the work is wrong, or Config.Trap or Config.Pause took the sender for a program.
//     The challenge is used up.
//   - [ErrStorage]: the storage failed, so that the guard can't tell whether the answer was right. The submission is
//     not let through.
//
// [Reply] answers them in the JSON of django-rest-captcha, whose clients work with this package unchanged; the README
// of this folder lists each reply. To answer in another way, set Config.ErrorHandler. Check the form's own fields
// before the captcha, so that a typing error in an address costs no challenge: with [Guard.Read] and [Fields], then
// your own rules, then [Guard.Verify]. Say only after the captcha what a bot would like to know, such as whether an
// address has an account.
//
// # Sealed or stored
//
// A challenge is sealed in its own key, unless Config.Stored is set: encrypted and authenticated with a secret of the
// server, so that issuing it writes nothing anywhere. A million challenges that nobody answers take no room. The
// storage remembers only the keys that were used, until they would have expired. The key is 64 characters long and
// tells a client nothing.
//
// The secret is the first of Config.Secrets. If there are none, all replicas agree on a secret through Config.Storage.
// Without a storage either, the secret is random, and challenges that were shown before a restart are refused after it.
// To change a secret, put the new one in front and remove the old one after one Expiration.
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
// The clocks of replicas may be up to 5 seconds apart. A used key is remembered for 5 seconds longer than it is good,
// so that a clock that is behind, or is set back, by as much can't let it be used again. If a replica's clock is
// further ahead, the others refuse its challenges as unknown.
//
// Single use lasts as long as the storage's memory. A storage that goes back to an older state, as a Redis does that
// restarts from a snapshot or a replica that is promoted while it lags, has lost what happened since: a used key counts
// as unused, and a stored challenge that was answered is there again. Sealing does not prevent that, and storing does
// not either. Only durable writes do: in Redis, the append-only file with appendfsync always.
//
// # What a challenge is for
//
// Config.Purpose says what a guard's challenges are for, and Guard.For returns a guard for another purpose with the
// same settings, storage and routes:
//
//	guard := captcha.New()
//	signup, contact := guard.For("signup"), guard.For("contact")
//
// A challenge issued by one is unknown to the others, and they don't use it up: a bot can't solve the contact form's
// captcha and use it to sign up. Config.Binding ties a challenge to its visitor as well, by a session's id or by
// anything else that the app can tell from the request. The key authenticates both and reveals neither. They take no
// room in the storage.
//
// If guards in one app differ in other settings, such as the length of the answer, each needs a Path of its own, where
// the field finds its guard's new challenges and sound.
//
// # Receipts
//
// Config.Receipts lets a visitor exchange a solved challenge for a receipt. A receipt is good once, for its purpose and
// its visitor, for the time that Config.Receipts says, on all replicas. A form of two pages asks for the captcha on its
// first, calls [Guard.Receipt], and puts the receipt into its second page as the hidden field captcha_receipt; Check
// and Protect accept it there in place of key and answer. A script that checks an answer before the form is sent posts
// key and answer to Path plus receipt/ ([Guard.Exchange]) and sends the receipt with the form. A form that is sent
// twice succeeds once. A receipt takes no room in the storage until it is used.
//
// # Only where it is earned
//
// The package captcha/attempts asks for a captcha at a login only after some failures for the account or from the
// network. It is one call in the handler. The package captcha/limit bounds how often a network may call a route. Above
// the limit it answers 429, in the words of Django REST framework. An app that imports neither carries neither.
//
// # Sent twice
//
// A visitor without script who clicks Send twice sends the form twice, and sees only the second answer: that the
// captcha was used. Put the package captcha/once before the form's handler, and for ten seconds a second copy of the
// form gets the first one's answer, on any replica. If the first is still being handled, the second waits for it. With
// script, the form field sends its form once.
//
// # Pressure
//
// Config.Pressure asks more of a client if guesses from its network fail, and less again once they stop. An app that
// does not import the package captcha/pressure carries none of it:
//
//	guard := captcha.New(captcha.Config{Pressure: pressure.New(), Work: work.New()})
//
// Each of three levels adds letters and work to what the guard demands anyway. If Config.Work is set, the highest level
// demands letters and work together: while the attack lasts, people without script on that network are locked out. A
// network in which no guess fails stays at level 0, whatever happens elsewhere. The level is sealed in the challenge.
// It is decided again when the answer comes, and a challenge that is two levels too low by then is refused as unknown.
// For an app behind a proxy, Config.Client says which address a request comes from. Each process watches only what it
// answers itself, in 8 MiB of memory at most. Event.Level and Pressure.Status show the levels; Fixed and Exempt in the
// package's Config overrule them. The reply of Create then has two more members: captcha_asks (letters, either or both)
// and captcha_length (0 if lengths differ).
//
// # A trap and a pause
//
// Config.Trap names a text field that people never see. The form field keeps it out of sight, inert, out of the tab
// order and hidden from screen readers, so that neither people nor browsers fill it in. If the style is missing, its
// label says to leave it empty. Config.Pause is the least time between issue and answer. A program that fills in every
// field, or types letters at once, gets the reply for a wrong answer, and its challenge is used up; the Event has the
// reason Trapped or TooSoon. Both stop only programs that were not made for your form: one that was leaves the field
// empty and waits. The pause does not apply to work alone, which a browser may have done before its visitor has looked
// at the page. Nor does it apply to receipts, whose letters had to wait already. Test an app with a pause by moving
// Config.Now.
//
// # Pictures, sound and the form field
//
// Config.Picture sets size, fonts, colours and styles; see the package captcha/picture. The package captcha/audio
// speaks the letters. Only apps that import it carry its recordings:
//
//	guard := captcha.New(captcha.Config{Audio: audio.New()})
//	guard.Register(app)
//
// Register adds the routes that the form field uses, which Config.Path moves. Without JavaScript the field works too:
// the button for other letters then sends the form. None of the routes needs a CSRF token, because they change nothing
// that belongs to a visitor. A page with a field is for one visitor, so answer it with Cache-Control: no-store.
//
// People who can't see the picture need the sound, or another way in. The text alternative of the picture says what it
// is for and where the sound is, not what it shows. A form of your own should do the same.
//
// # Work
//
// A visitor's browser can meet a challenge by computing, with nothing to see, hear or type. An app that does not import
// the package captcha/work carries none of it:
//
//	guard := captcha.New(captcha.Config{Work: work.New()})
//	guard.Register(app)
//
// The work belongs to the same challenge as the letters: it has the same key and expiry, and whichever of letters,
// sound and work is submitted first uses it up for all of them. Guard.Work serves it. The browser submits the solution
// as captcha_work beside the key; the form field does that by itself, in a worker, where a page has script and a secure
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
//     of a second of one core for each submission: a million submissions take one core about two days. A program does
//     the work as fast as a browser, and a graphics card far faster. It is the kindest demand, and as weak as the
//     cheaper of its two ways.
//   - [LettersOnly] asks for a reader: a person, or a network that somebody trained. It takes a visitor some ten
//     seconds.
//   - [LettersAndWork] adds the price of the work to that of the letters. It is for visitors whom the app suspects,
//     because it locks out people without script.
//   - [Nothing] lets the request pass.
//
// Demand.AtLevel doubles the work with each level: if one visitor waits a second, a program that comes a million times
// needs one core for twelve days. The demand, with its level, is sealed in the challenge when it is issued.
// Config.Demand is asked again when the submission comes. A challenge that was issued for less is then refused as
// unknown, and used up, so that the visitor gets a new challenge that asks for more. A receipt is worth what was
// brought for it.
//
// # ALTCHA's widget
//
// The widget of ALTCHA works with this package unchanged, in version 2 of its protocol. Its challenge attribute is the
// path of Guard.Altcha:
//
//	<altcha-widget challenge="/api/captcha/altcha?purpose=signup"></altcha-widget>
//
// Read, Check and Protect know its field, altcha. If letters are demanded and Config.Receipts is set, the widget shows
// our picture after the work and plays our sound. Guard.VerifyAltcha then exchanges work and letters for a receipt.
// Under a Content-Security-Policy, use the files in dist/external of the widget's package.
//
// # A server for other backends
//
// The package captcha/siteverify turns an app into a captcha server for pages on other origins and backends in any
// language. Register it before the guard. An app that does not import it carries none of it:
//
//	siteverify.New(siteverify.Config{Guard: guard, Sites: sites}).Register(app)
//	guard.Register(app)
//
// A page needs one script and one element. Its backend posts a secret, and the response that came with the form, to
// /api/siteverify. The replies are in a form that the server libraries of reCAPTCHA, hCaptcha and Turnstile can read.
//
// # Testing your own forms
//
// Leave the captcha on, and let the test solve it. The package captcha/captchatest finds the answer to a challenge, and
// works only with a [testing.TB].
//
//	answer := captchatest.Solve(t, guard, key)
//	solution := captchatest.Work(t, guard, key, captcha.Visitor{})
//
// If the test runs in another process than the app, as a browser test may, make a guard in the test with the app's
// settings and the same Config.Secrets or storage. If a client can't do that, Compat.InsecureMasterAnswers are fixed
// pairs of key and answer. Anyone who knows one gets past the captcha, so keep them out of production.
//
// # Security
//
// Answers, keys and seeds come from crypto/rand. A picture is drawn from a secret seed that can't be derived from the
// key, so that it can't be drawn again for every possible answer and compared. Asking again for the sound of a
// challenge gives the same bytes, so that nobody can average the noise away over two renderings. The time that a
// comparison takes says nothing about the answer. When the storage fails, the guard refuses: what can't be checked is
// not let through. Nothing secret is logged.
//
// Use TLS, as for the form itself. Don't put Create behind a cache: it sends Cache-Control: no-store, and Fiber's cache
// middleware must not be used on its route.
package captcha
