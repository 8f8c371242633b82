package handlers

import (
	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/handlers/playground"
	"github.com/fibercaptcha/fibercaptcha/handlers/web"
)

type playgroundPage struct {
	Title string
	playground.Page
}

func (s *site) playgroundShow(c *fiber.Ctx) error {
	drawn, err := s.playground.Show(func(name string) (values []string) {
		for _, value := range c.Context().QueryArgs().PeekMulti(name) {
			values = append(values, string(value))
		}
		return values
	})
	if err != nil {
		return err
	}
	status := fiber.StatusOK
	if len(drawn.Problems) > 0 {
		status = fiber.StatusUnprocessableEntity
	}
	return web.Page(c, status, "playground", playgroundPage{"Playground", drawn})
}
