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
// from the request, and calls the next handler if the answer is right. For a form that the server renders, Issue
// returns a challenge, whose Field is the HTML for the form, and Check verifies what the visitor sends. The first
// example is such a form. The README of this folder has the JSON contract in full, recipes, and how to use Fiber v3.
//
// # What it stops, and what it does not
//
// It stops scripts that post to every form they find, and ready-made text recognition. An answer is accepted once, on
// any number of replicas. A wrong answer uses its challenge up, so that each guess needs a new challenge. With the
// default settings one blind guess in some 130,000 is right.
//
// It does not stop a neural network that somebody trained on these pictures, because anybody can draw any number of
// labelled pictures with this source. Nor does it stop people who are paid to solve them, or vision-language models,
// which read the pictures without training. So use limits too: on challenges and submissions per network (the package
// captcha/limit), on failed logins (captcha/attempts), on accounts per mail domain, and on what a new account may do.
// The captcha makes each attempt cost something; the limits make many attempts cost a lot.
//
// # A submission
//
// The body is JSON, urlencoded or multipart and holds two fields, captcha_key and captcha_value. White space around
// them is ignored, and so is the letters' case. If the settings allow it, a submission may have captcha_receipt or
// ALTCHA's altcha in place of both fields, or captcha_work in place of captcha_value. If it has several of these, the
// guard judges only one: a receipt before work, work before altcha, and altcha before letters.
//
// There are five reasons to refuse a submission. Test for them with [errors.Is]:
//
//   - [ErrMissing]: a field is absent, null or blank. Nothing is used up.
//   - [ErrMalformed]: a field is too long, given twice or not text, or the body can't be read. The status is 413 if the
//     body is too large, and 415 if its media type is not accepted. Nothing is used up.
//   - [ErrUnknownKey]: the key or the receipt was never issued, was used before or has expired; or it was issued for
//     another purpose or visitor, or for less than is demanded now.
//   - [ErrWrongAnswer]: the answer or the work is wrong, or Config.Trap or Config.Pause took the sender for a program.
//     The challenge is used up.
//   - [ErrStorage]: the storage failed, so that the guard can't tell whether the answer may count. It refuses the
//     submission.
//
// [Reply] answers these errors in the JSON of django-rest-captcha, whose clients work with this package unchanged. The
// README of this folder lists each reply. To answer in another way, set Config.ErrorHandler.
//
// Check the form's own fields before the captcha, so that nobody has to solve a second captcha because of a typing
// error: call [Guard.Read] and [Fields], apply your own rules, then call [Guard.Verify]. Some replies of your app tell
// a bot what it would like to know, such as whether an address has an account. Give those only after the captcha.
//
// # Sealed or stored
//
// By default a challenge is sealed in its own key: the answer and the time of expiry are in the key, encrypted and
// authenticated with a secret of the server. Issuing a challenge writes nothing anywhere, so that a million challenges
// that nobody answers take no room. The storage remembers only the keys that were used, until they would have expired.
// The key is 64 characters long and tells a client nothing. If Config.Stored is set, the storage keeps each challenge
// instead, as django-rest-captcha's does, and the key is a random UUID.
//
// The secret is the first of Config.Secrets. If there are none, all replicas agree on a secret through Config.Storage.
// If there is no storage either, the secret is random, and after a restart the guard refuses the challenges that were
// shown before it. To change a secret, put the new one in front and remove the old one after one Expiration.
//
// # Storages
//
// Without Config.Storage a guard keeps used keys in the memory of its process, 524,288 of them at most. It never
// forgets a key early. When the memory is full, the guard fails with ErrStorage until some keys have expired. That
// suits an app of one process. If there are several, or if used keys must outlast a restart, set Config.Storage to one
// storage that all processes share, such as a Redis that [github.com/fibercaptcha/fibercaptcha/storage] opens.
//
// Any [fiber.Storage] will do. To make a challenge single use on all replicas, a storage needs one method more:
// [Adder]. If challenges are stored, it needs [Taker] as well. A storage without them is used under a lock. A lock
// holds within one process only, and the guard logs that at start. The README of the folder storage shows Add for SQL,
// and the package captcha/storagetest tests whether a storage keeps its promises.
//
// The clocks of replicas may be up to 5 seconds apart. That is why a used key is remembered for 5 seconds after it has
// expired: to a clock that is behind by so much, it has not expired yet. If a replica's clock is further ahead, the
// others refuse its challenges as unknown.
//
// A challenge is single use only for as long as the storage remembers it. If a storage goes back to an older state, it
// accepts again what was used since then, whether challenges are sealed or stored. A Redis does that if it restarts
// from a snapshot, or if a replica is promoted while it lags. The comment of the package storage says which settings
// prevent that.
//
// # What a challenge is for
//
// Config.Purpose says what a guard's challenges are for, and Guard.For returns a guard for another purpose with the
// same settings, storage and routes:
//
//	guard := captcha.New()
//	signup, contact := guard.For("signup"), guard.For("contact")
//
// A bot can't solve the contact form's captcha and use it to sign up: a challenge issued by one guard is unknown to the
// others, and they don't use it up. Config.Binding also ties a challenge to its visitor, by a session's id or by
// anything else that the app can tell from the request. A key is good only for its purpose and its binding, and reveals
// neither. They take no room in the storage.
//
// If guards in one app differ in other settings, such as the length of the answer, give each a Path and a Purpose of
// its own. The form field gets new challenges and the sound from its guard's Path. Guards of one Purpose that share a
// storage or secrets accept each other's challenges, unless these have fewer letters than Config.Length: a bot would
// take those of whichever guard has the easiest pictures.
//
// # Receipts
//
// Config.Receipts lets a visitor exchange a solved challenge for a receipt. A receipt is good once, on all replicas,
// for its purpose and its visitor. It expires after the time that Config.Receipts says. Until it is used, it takes no
// room in the storage. There are two uses for it:
//
//   - A form of two pages asks for the captcha on the first page, calls [Guard.Receipt], and puts the receipt into the
//     second page as the hidden field captcha_receipt. There, Check and Protect accept it in place of key and answer.
//   - A script checks an answer before the form is sent: it posts key and answer to Path plus receipt/
//     ([Guard.Exchange]), and sends the receipt with the form.
//
// # Limits, and a login that asks only after failures
//
// The package captcha/attempts asks for a captcha at a login only after some failures for the account or from the
// network. It is one call in the handler. The package captcha/limit bounds how often a network may call a route. Above
// the limit it answers 429, in the words of Django REST framework. An app that imports neither carries neither.
//
// # A form that is sent twice
//
// Without script, a visitor who clicks Send twice sends the form twice, and sees only the second reply: that the
// captcha was used before. If you put the package captcha/once before the form's handler, a second copy that comes
// within ten seconds gets the same reply as the first, on any replica. If the first is still being handled, the second
// waits for it. With script, the form field sends its form once.
//
// # Pressure
//
// Config.Pressure demands more from a network while guesses from it fail, and less again once the failures stop. An app
// that does not import the package captcha/pressure carries none of it:
//
//	guard := captcha.New(captcha.Config{Pressure: pressure.New(), Work: work.New()})
//
// There are three levels. Each adds letters and work to what the guard demands anyway. If Config.Work is set, the
// highest level demands letters and work together: while the attack lasts, people without script on that network are
// locked out. A network in which no guess fails stays at level 0, whatever happens elsewhere.
//
// The level is sealed in the challenge. When the answer comes, the guard works the level out again, and refuses a
// challenge as unknown if it is two levels too low by then. The reply of Create says what is demanded; the README of
// this folder shows how. If the app is behind a proxy, Config.Client says which address a request comes from. Each
// process watches only the requests that it answers itself, in 8 MiB of memory at most. Event.Level and Pressure.Status
// show the levels, and Fixed and Exempt in the package's Config overrule them.
//
// # A trap and a pause
//
// Config.Trap names a text field for programs that fill in every field. The form field keeps it out of sight, out of
// the tab order and hidden from screen readers, so that neither people nor browsers fill it in. If the style sheet is
// missing, its label tells people to leave it empty. Config.Pause is the shortest time in which a person could answer.
// A program that fills in the trap, or sends letters sooner, gets the reply for a wrong answer, and its challenge is
// used up. The Event has the reason Trapped or TooSoon. Both stop only programs that were not written for your form:
// one that was written for it leaves the trap empty and waits.
//
// The pause does not apply to work alone, which a browser may have done before its visitor has looked at the page. Nor
// does it apply to receipts, because the pause was over when the receipt was given. To test an app with a pause, set
// Config.Now to a clock that the test moves.
//
// # Pictures, sound and the form field
//
// Config.Picture sets size, fonts, colours and styles: see the package captcha/picture. The package captcha/audio
// speaks the letters. Only apps that import it carry its recordings:
//
//	guard := captcha.New(captcha.Config{Audio: audio.New()})
//	guard.Register(app)
//
// Register adds the routes that the form field uses, below Config.Path. The field works without JavaScript too: its
// button for new letters then sends the form. None of the routes needs a CSRF token, because they change nothing that
// belongs to a visitor. A page with a field is for one visitor, so answer it with Cache-Control: no-store.
//
// People who can't see the picture need the sound, or another way in. The text alternative of the picture says what the
// picture is for and where the sound is. It does not say which letters there are. If you build a form of your own,
// write such a text alternative too.
//
// # Work
//
// A visitor's browser can meet a challenge by computing, with nothing to see, hear or type. An app that does not import
// the package captcha/work carries none of it:
//
//	guard := captcha.New(captcha.Config{Work: work.New()})
//	guard.Register(app)
//
// The work belongs to the same challenge as the letters: it has the same key and expiry. Whichever is submitted first,
// letters or work, uses the challenge up for both. Guard.Work serves the work, and the browser submits the solution as
// captcha_work beside the key. If a page has script and a secure context, the form field does all that by itself, in a
// worker. Everybody else types the letters.
//
// Config.Demand decides from the request and the purpose what a submission must bring:
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
// What each demand is worth:
//
//   - [LettersOrWork], the default, stops scripts that know nothing of this package. Other programs have to do the work
//     for each submission. They do it as fast as a browser does, and on a graphics card far faster: the README at the
//     root of the module has the prices. This demand is the kindest to visitors. A bot pays only for the cheaper of the
//     two ways.
//   - [LettersOnly] asks for somebody who can read: a person, or a program that reads these pictures. A visitor has to
//     read and type.
//   - [LettersAndWork] adds the price of the work to that of the letters. It locks out people without script, so keep
//     it for visitors whom the app suspects.
//   - [Nothing] lets the request pass.
//
// Demand.AtLevel doubles the work with each level. At a level that makes one visitor wait a second, a program needs one
// core for twelve days to submit a million times. The demand, with its level, is sealed in the challenge when it is
// issued, and Config.Demand is called again when the submission comes. If it then demands more, the guard refuses the
// challenge as unknown and uses it up, so that the visitor gets a new challenge that asks for more. A receipt counts as
// what was submitted to get it.
//
// # ALTCHA's widget
//
// ALTCHA's widget works with this package unchanged, in version 2 of its protocol. Set its challenge attribute to the
// path of Guard.Altcha:
//
//	<altcha-widget challenge="/api/captcha/altcha?purpose=signup"></altcha-widget>
//
// Read, Check and Protect know the widget's field, altcha. If letters are demanded and Config.Receipts is set, the
// widget shows the picture and plays the sound once it has done the work. Guard.VerifyAltcha then exchanges work and
// letters for a receipt. Under a Content-Security-Policy, use the files in dist/external of the widget's package.
//
// # A server for other backends
//
// The package captcha/siteverify turns an app into a captcha server for pages on other origins and backends in any
// language. Register it before the guard. An app that does not import it carries none of it:
//
//	siteverify.New(siteverify.Config{Guard: guard, Sites: sites}).Register(app)
//	guard.Register(app)
//
// A page needs one script and one element. The form then contains a response, and the page's backend posts that
// response and its own secret to /api/siteverify. The server libraries of reCAPTCHA, hCaptcha and Turnstile can read
// the replies.
//
// # Testing your own forms
//
// Leave the captcha on, and let the test solve it. The package captcha/captchatest finds the answer to a challenge. It
// needs a [testing.TB], so that no program outside a test calls it by accident.
//
//	answer := captchatest.Solve(t, guard, key)
//	solution := captchatest.Work(t, guard, key, captcha.Visitor{})
//
// If the test runs in another process than the app, as a browser test may, make a guard in the test with the app's
// settings and the same Config.Secrets or storage, and solve with that guard. If the test is not written in Go, set
// Compat.InsecureMasterAnswers to fixed pairs of key and answer. Anyone who knows one gets past the captcha, so keep
// them out of production.
//
// # Security
//
// Answers, keys and seeds come from crypto/rand. A picture is drawn from a secret seed that can't be derived from the
// key, so that nobody can draw every possible answer and compare. Whoever asks for the sound of a challenge again gets
// the same bytes, so that nobody can average the noise away over two renderings. The time that a comparison takes says
// nothing about the answer. When the storage fails, the guard refuses what it can't check. Nothing secret is logged.
//
// Use TLS, as for the form itself. Don't put Create behind a cache: it sends Cache-Control: no-store, and Fiber's cache
// middleware must not be used on its route.
package captcha
