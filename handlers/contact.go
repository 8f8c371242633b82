package handlers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/handlers/fields"
	"github.com/fibercaptcha/fibercaptcha/handlers/web"
)

// messageLife is how long a message can be read under its reference.
const messageLife = 30 * 24 * time.Hour

type contactMessage struct {
	Name    string `json:"name"`
	Email   string `json:"email"`
	Message string `json:"message"`
}

func (m *contactMessage) fields() map[string]*string {
	return map[string]*string{"name": &m.Name, "email": &m.Email, "message": &m.Message}
}

func (m *contactMessage) check(errs captcha.FieldErrors) {
	fields.Text(errs, "name", &m.Name, 100)
	fields.Email(errs, "email", &m.Email)
	fields.Text(errs, "message", &m.Message, 5000)
}

func contactPage(m *contactMessage) formPage {
	return formPage{Title: "Contact", Purpose: "contact", Form: m}
}

func (s *site) contactForm(c *fiber.Ctx) error {
	return s.showForm(c, "contact", contactPage(&contactMessage{}), nil)
}

func (s *site) contactSubmit(c *fiber.Ctx) error {
	var m contactMessage
	reference, err := s.contact(c, s.Guard.For("contact"), &m)
	if err != nil {
		return s.showForm(c, "contact", contactPage(&m), err)
	}
	return c.Redirect("/contact/"+reference, fiber.StatusSeeOther)
}

func (s *site) contactAPI(c *fiber.Ctx) error {
	var m contactMessage
	reference, err := s.contact(c, s.Guard, &m)
	if err != nil {
		return captcha.Reply(c, err)
	}
	c.Location("/contact/" + reference)
	return c.Status(fiber.StatusCreated).JSON(fiber.Map{"reference": reference, "url": "/contact/" + reference})
}

// contact takes a submitted message, and returns the reference to read it under, which can't be guessed.
func (s *site) contact(c *fiber.Ctx, guard *captcha.Guard, m *contactMessage) (reference string, err error) {
	if err := submit(c, guard, m); err != nil {
		return "", err
	}
	value := keptMessage{*m, time.Now().UTC()}.encode()
	err = onStorage(c.UserContext(), "keep a message", func() (err error) {
		reference, err = s.kept.Message(c.UserContext(), web.Client(c), value, messageLife)
		return err
	})
	return reference, err
}

// keptMessage is a message as it is stored.
type keptMessage struct {
	contactMessage
	Sent time.Time `json:"sent"`
}

// encode joins the parts with NUL, which none of them contains. JSON would need six bytes for some characters.
func (m keptMessage) encode() []byte {
	return []byte(strings.Join([]string{m.Sent.Format(time.RFC3339Nano), m.Name, m.Email, m.Message}, "\x00"))
}

// decode reads what encode writes, and the JSON that earlier versions stored.
func (m *keptMessage) decode(value []byte) (err error) {
	if bytes.HasPrefix(value, []byte("{")) {
		return json.Unmarshal(value, m)
	}
	parts := strings.Split(string(value), "\x00")
	if len(parts) != 4 {
		return fmt.Errorf("a message has %d parts, not 4", len(parts))
	}
	m.Name, m.Email, m.contactMessage.Message = parts[1], parts[2], parts[3]
	m.Sent, err = time.Parse(time.RFC3339Nano, parts[0])
	return err
}

type receiptPage struct {
	Title     string
	Reference string
	Message   keptMessage
}

func (s *site) contactReceipt(c *fiber.Ctx) error {
	page := receiptPage{Title: "Your message", Reference: c.Params("reference")}
	var value []byte
	err := onStorage(c.UserContext(), "find a message", func() (err error) {
		value, err = s.kept.Find(page.Reference)
		return err
	})
	if err != nil {
		return err
	}
	if value == nil {
		return fiber.ErrNotFound
	}
	if err := page.Message.decode(value); err != nil {
		return fmt.Errorf("a message in the storage can't be read: %w", err)
	}
	return web.Page(c, fiber.StatusOK, "receipt", page)
}
