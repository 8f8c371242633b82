package handlers

import (
	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/handlers/stats"
	"github.com/fibercaptcha/fibercaptcha/handlers/web"
)

type statsPage struct {
	Title string
	stats.Page
}

func (s *site) statsShow(c *fiber.Ctx) error {
	return web.Page(c, fiber.StatusOK, "stats", statsPage{"Statistics", s.Stats.Page()})
}
