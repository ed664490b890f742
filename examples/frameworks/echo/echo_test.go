package echo

import (
	"net/http"
	"testing"

	"example.com/cookiesession/examples/frameworks/internal/visitor"
	"github.com/labstack/echo/v5"
)

func TestTheme(t *testing.T) {
	sessions, _ := visitor.Sessions[Visit](t)
	visitor.TestTheme(t, New(sessions))
}

// The error handler's flash message is what WrapMiddleware loses: echo calls
// the handler when the middleware has returned, and thus has saved.
func TestErrorHandler(t *testing.T) {
	tests := []struct {
		name, want string
		site       func(t *testing.T) http.Handler
	}{
		{"around the application", "The theme is system. That did not work.\n", func(t *testing.T) http.Handler {
			sessions, _ := visitor.Sessions[Visit](t)
			return New(sessions)
		}},
		{"WrapMiddleware", "The theme is system. \n", func(t *testing.T) http.Handler {
			sessions, _ := visitor.Sessions[Visit](t)
			e := newEcho(sessions)
			e.Use(echo.WrapMiddleware(sessions.Handler))
			return e
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := visitor.New(t, test.site(t))
			v.Expect(v.Post("/theme", "theme", "purple"), test.want)
			// What a handler does itself arrives either way, which is why it
			// goes unnoticed.
			v.Expect(v.Post("/theme", "theme", "dark"), "The theme is dark. Saved.\n")
		})
	}
}
