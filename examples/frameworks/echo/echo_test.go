package echo

import (
	"net/http"
	"testing"

	"example.com/cookiesession"
	"example.com/cookiesession/examples/frameworks/internal/visitor"
	"github.com/labstack/echo/v5"
)

func TestTheme(t *testing.T) {
	sessions, _ := visitor.Sessions[Visit](t)
	visitor.TestTheme(t, New(sessions))
}

// The error handler's flash message is what WrapMiddleware loses: echo calls
// the handler when the middleware has returned, and thus has saved. The loss is
// reported.
func TestErrorHandler(t *testing.T) {
	tests := []struct {
		name, want string
		late       bool
		site       func(*cookiesession.Manager[Visit]) http.Handler
	}{
		{"around the application", "The theme is system. That did not work.\n", false, New},
		{"WrapMiddleware", "The theme is system. \n", true, func(sessions *cookiesession.Manager[Visit]) http.Handler {
			e := newEcho(sessions)
			e.Use(echo.WrapMiddleware(sessions.Handler))
			return e
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sessions, events := visitor.Sessions[Visit](t)
			v := visitor.New(t, test.site(sessions))
			v.Expect(v.Post("/theme", "theme", "purple"), test.want)
			if late := events.Has(cookiesession.EventLate); late != test.late {
				t.Errorf("EventLate: %v", late)
			}
			// What a handler does itself arrives either way, which is why it
			// goes unnoticed without the event.
			v.Expect(v.Post("/theme", "theme", "dark"), "The theme is dark. Saved.\n")
		})
	}
}
