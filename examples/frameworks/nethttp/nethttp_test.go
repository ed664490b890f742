package nethttp_test

import (
	"testing"

	"example.com/cookiesession/examples/frameworks/internal/visitor"
	"example.com/cookiesession/examples/frameworks/nethttp"
)

func TestTheme(t *testing.T) {
	sessions, _ := visitor.Sessions[nethttp.Visit](t)
	visitor.TestTheme(t, nethttp.New(sessions))
}
