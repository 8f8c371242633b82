// Forked is an app that runs several processes on one port, as Fiber's Prefork does.
package main

import (
	"context"
	"log"
	"os"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/storage"
)

func main() {
	config := captcha.Config{Secrets: []string{os.Getenv("SECRET")}}
	if url := os.Getenv("STORAGE_URL"); url != "" {
		store, err := storage.Open(context.Background(), url)
		if err != nil {
			log.Fatal(err)
		}
		config.Storage = store
	}
	guard, err := captcha.NewGuard(config)
	if err != nil {
		log.Fatal(err)
	}
	app := fiber.New(fiber.Config{Prefork: true, DisableStartupMessage: true})
	app.Get("/process", func(c *fiber.Ctx) error { return c.JSON(os.Getpid()) })
	app.Post("/", guard.Protect, func(c *fiber.Ctx) error { return c.SendStatus(fiber.StatusCreated) })
	log.Fatal(app.Listen(os.Getenv("ADDR")))
}
