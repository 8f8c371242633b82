package handlers

import "github.com/gofiber/fiber/v2"

type homePage struct{ Title string }

func (s *site) home(c *fiber.Ctx) error {
	return s.render(c, "home", homePage{Title: "fibercaptcha"})
}
