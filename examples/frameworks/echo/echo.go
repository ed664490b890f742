// Package echo keeps sessions in an application of labstack/echo.
//
// The application is wrapped as a whole, not by
// e.Use(echo.WrapMiddleware(sessions.Handler)). A handler of echo returns its
// error, and echo answers it by HTTPErrorHandler after all middlewares have
// returned. By then the session of a wrapped middleware is saved, so whatever
// the error handler does to it is lost: typically the flash message that was to
// explain the error, or the logout of a visitor whose account is gone. That is
// reported as EventLate. (A test here shows both ways.)
//
// In a handler the session is that of c.Request().
package echo

import (
	"cmp"
	"fmt"
	"net/http"

	"example.com/cookiesession"
	"github.com/labstack/echo/v5"
)

// A Visit is the session. Its zero value is that of a first visit, for which no
// cookie is set.
type Visit struct {
	Theme string // empty: system
	Flash string // to be shown once
}

// New returns the application. It is for http.Server{Handler: ...} and not for
// e.Start, which would serve the application without sessions.
func New(sessions *cookiesession.Manager[Visit]) http.Handler {
	return http.NewCrossOriginProtection().Handler(sessions.Handler(newEcho(sessions)))
}

// newEcho returns the application without what goes around it.
func newEcho(sessions *cookiesession.Manager[Visit]) *echo.Echo {
	e := echo.New()

	e.GET("/", func(c *echo.Context) error {
		visit := &sessions.Get(c.Request()).Data
		flash := visit.Flash
		visit.Flash = "" // before the first byte, which sends the headers
		return c.String(http.StatusOK, fmt.Sprintf("The theme is %s. %s\n", cmp.Or(visit.Theme, "system"), flash))
	})

	e.POST("/theme", func(c *echo.Context) error {
		theme := c.FormValue("theme")
		if theme != "light" && theme != "dark" {
			return echo.NewHTTPError(http.StatusBadRequest, "There is no such theme.")
		}
		visit := &sessions.Get(c.Request()).Data
		visit.Theme = theme
		visit.Flash = "Saved."
		return c.Redirect(http.StatusSeeOther, "/")
	})

	// An error is told on the page that the visitor is sent back to.
	e.HTTPErrorHandler = func(c *echo.Context, err error) {
		sessions.Get(c.Request()).Data.Flash = "That did not work."
		if err := c.Redirect(http.StatusSeeOther, "/"); err != nil {
			c.Logger().Error("not redirected", "error", err)
		}
	}
	return e
}
