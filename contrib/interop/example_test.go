package interop_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"

	"example.com/cookiesession"
	"example.com/cookiesession/contrib/gorilla"
	"github.com/labstack/echo-contrib/v5/session"
	"github.com/labstack/echo/v5"
)

// An application of echo-contrib/session changes the line that makes its store.
func Example_echo() {
	keys, err := cookiesession.NewKeyring(cookiesession.NewKey()) // in production: OpenKeyring, or LoadOrCreateKeyring
	if err != nil {
		log.Fatal(err)
	}
	// Before: store := sessions.NewCookieStore(authKey)
	store, err := gorilla.NewStore(keys, nil)
	if err != nil {
		log.Fatal(err)
	}

	e := echo.New()
	e.Use(session.Middleware(store))
	e.GET("/", func(c *echo.Context) error {
		s, _ := session.Get("app", c)
		visits, _ := s.Values["visits"].(int)
		s.Values["visits"] = visits + 1
		if err := s.Save(c.Request(), c.Response()); err != nil {
			return err
		}
		fmt.Println(visits + 1)
		return c.NoContent(http.StatusOK)
	})

	server := httptest.NewTLSServer(store.Refresh(e, "app"))
	defer server.Close()
	client := server.Client()
	client.Jar, _ = cookiejar.New(nil)
	for range 3 {
		response, err := client.Get(server.URL)
		if err != nil {
			log.Fatal(err)
		}
		response.Body.Close()
	}
	// Output:
	// 1
	// 2
	// 3
}
