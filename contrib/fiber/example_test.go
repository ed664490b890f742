package fibercookie_test

import (
	"fmt"
	"io"
	"net/http/httptest"

	"example.com/cookiesession"
	fibercookie "example.com/cookiesession/contrib/fiber"
	"github.com/gofiber/fiber/v3"
)

func Example() {
	// In a program: keys, err := cookiesession.LoadOrCreateKeyring("keyring")
	keys, err := cookiesession.NewKeyring(cookiesession.NewKey())
	if err != nil {
		panic(err)
	}
	config, err := fibercookie.Config(keys, nil)
	if err != nil {
		panic(err)
	}

	app := fiber.New()
	// Before: app.Use(encryptcookie.New(encryptcookie.Config{Key: key}))
	app.Use(fibercookie.New(config))
	app.Get("/set", func(c fiber.Ctx) error {
		c.Cookie(&fiber.Cookie{Name: "theme", Value: "dark"})
		return nil
	})
	app.Get("/get", func(c fiber.Ctx) error {
		return c.SendString("the theme is " + c.Cookies("theme"))
	})

	res, err := app.Test(httptest.NewRequest("GET", "/set", nil))
	if err != nil {
		panic(err)
	}
	sealed := res.Cookies()[0]
	fmt.Println("sent in plain:", sealed.Value == "dark")

	r := httptest.NewRequest("GET", "/get", nil)
	r.AddCookie(sealed)
	if res, err = app.Test(r); err != nil {
		panic(err)
	}
	body, _ := io.ReadAll(res.Body)
	fmt.Println(string(body))
	// Output:
	// sent in plain: false
	// the theme is dark
}
