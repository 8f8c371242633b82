module github.com/fibercaptcha/fibercaptcha/tests/tools/peers

go 1.26.0

require (
	github.com/afocus/captcha v0.0.0-20191010092841-4bd1f21c8868
	github.com/dchest/captcha v1.1.0
	github.com/fibercaptcha/fibercaptcha v0.0.0
	github.com/gofiber/fiber/v2 v2.52.15
	github.com/mojocn/base64Captcha v1.3.8
	github.com/steambap/captcha v1.4.1
	golang.org/x/image v0.47.0
)

require (
	github.com/golang/freetype v0.0.0-20170609003504-e2365dfdc4a0 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/mattn/go-colorable v0.1.13 // indirect
	github.com/mattn/go-isatty v0.0.20 // indirect
	github.com/mattn/go-runewidth v0.0.16 // indirect
	github.com/molecule-man/go-brrr v1.3.0 // indirect
	github.com/rivo/uniseg v0.2.0 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
	github.com/valyala/fasthttp v1.77.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace github.com/fibercaptcha/fibercaptcha => ../../..
