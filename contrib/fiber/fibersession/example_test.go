package fibersession_test

import (
	"fmt"
	"io"
	"net/http/httptest"

	"example.com/cookiesession"
	"example.com/cookiesession/contrib/fiber/fibersession"
	"github.com/gofiber/fiber/v3"
)

func Example() {
	type Session struct{ User string }

	// In a program: keys, err := cookiesession.LoadOrCreateKeyring(path)
	keys := cookiesession.Must(cookiesession.NewKeyring(cookiesession.NewKey()))
	sessions := cookiesession.Must(fibersession.New[Session](keys, nil))

	app := fiber.New()
	app.Use(sessions.Handler())
	app.Post("/login", func(c fiber.Ctx) error {
		s := sessions.Get(c)
		s.Destroy()
		s.Data.User = "ana"
		return c.Redirect().To("/")
	})
	app.Get("/", func(c fiber.Ctx) error {
		return c.SendString("user: " + sessions.Get(c).Data.User)
	})

	login, err := app.Test(httptest.NewRequest("POST", "/login", nil))
	if err != nil {
		panic(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	for _, c := range login.Cookies() {
		r.AddCookie(c)
	}
	page, err := app.Test(r)
	if err != nil {
		panic(err)
	}
	body, _ := io.ReadAll(page.Body)
	fmt.Println(login.Cookies()[0].Name)
	fmt.Println(string(body))
	// Output:
	// __Host-session
	// user: ana
}
