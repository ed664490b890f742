package gin_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"testing"

	framework "github.com/gin-gonic/gin"

	"example.com/cookiesession/examples/frameworks/gin"
	"example.com/cookiesession/examples/frameworks/internal/visitor"
)

func TestMain(m *testing.M) {
	framework.SetMode(framework.TestMode)
	framework.DefaultErrorWriter = io.Discard
	os.Exit(m.Run())
}

func TestTheme(t *testing.T) {
	sessions, _ := visitor.Sessions[gin.Visit](t)
	visitor.TestTheme(t, gin.New(sessions))
}

func TestStream(t *testing.T) {
	sessions, _ := visitor.Sessions[gin.Visit](t)
	v := visitor.New(t, gin.New(sessions))
	v.Expect(v.Get("/countdown"), "event:left\ndata:3\n\nevent:left\ndata:2\n\nevent:left\ndata:1\n\n")
	v.Expect(v.Get("/"), "The theme is system. That was a countdown.\n")
}

// The cookie and the first event of a stream arrive while the stream goes on.
func TestStreamFlushes(t *testing.T) {
	sessions, _ := visitor.Sessions[gin.Visit](t)
	engine := framework.New()
	messages := make(chan string, 1)
	engine.GET("/", func(c *framework.Context) {
		sessions.Get(c.Request).Data.Theme = "dark"
		c.Stream(func(io.Writer) bool {
			message, more := <-messages
			if more {
				c.SSEvent("", message)
			}
			return more
		})
	})
	messages <- "first"
	v := visitor.New(t, sessions.Handler(engine))
	response, err := v.Client.Get(v.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	lines := bufio.NewReader(response.Body)
	if line, err := lines.ReadString('\n'); err != nil || line != "data:first\n" {
		t.Errorf("got %q, %v", line, err)
	}
	if v.Cookies() != 1 {
		t.Error("the cookie did not come with the first event")
	}
	messages <- "second"
	close(messages)
	rest, err := io.ReadAll(lines)
	if err != nil {
		t.Fatal(err)
	}
	v.Expect(string(rest), "\ndata:second\n\n")
}

// gin asserts that the writer below is a CloseNotifier, and panics if not.
func TestCloseNotify(t *testing.T) {
	sessions, _ := visitor.Sessions[gin.Visit](t)
	engine := framework.New()
	started, left := make(chan bool), make(chan bool)
	engine.GET("/", func(c *framework.Context) {
		gone := c.Writer.CloseNotify()
		c.Writer.Flush()
		close(started)
		left <- <-gone
	})
	v := visitor.New(t, sessions.Handler(engine))
	response, err := v.Client.Get(v.URL)
	if err != nil {
		t.Fatal(err)
	}
	<-started
	response.Body.Close() // the visitor leaves
	if !<-left {
		t.Error("the handler is not told that the client has left")
	}
}

// gin asserts that the writer below is a Hijacker, too.
func TestHijack(t *testing.T) {
	sessions, _ := visitor.Sessions[gin.Visit](t)
	engine := framework.New()
	engine.GET("/", func(c *framework.Context) {
		sessions.Get(c.Request).Data.Theme = "dark"
		conn, stream, err := c.Writer.Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		// Who takes the connection over sends the headers.
		fmt.Fprint(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n")
		_ = c.Writer.Header().Write(stream)
		fmt.Fprint(stream, "\r\nby hand\n")
		if err := stream.Flush(); err != nil {
			t.Error(err)
		}
	})
	v := visitor.New(t, sessions.Handler(engine))
	v.Expect(v.Get("/"), "by hand\n")
	if v.Cookies() != 1 {
		t.Error("the cookie is not among the headers")
	}
}

// gin.Recovery is inside, so what a handler changed before it panicked is saved
// with the response.
func TestRecovery(t *testing.T) {
	sessions, _ := visitor.Sessions[gin.Visit](t)
	engine := framework.New()
	engine.Use(framework.Recovery())
	engine.GET("/", func(c *framework.Context) {
		sessions.Get(c.Request).Data.Flash = "It did not go well."
		panic(errors.New("on purpose"))
	})
	v := visitor.New(t, sessions.Handler(engine))
	v.Get("/")
	if v.Cookies() != 1 {
		t.Error("the session was not saved")
	}
}

func TestFromContext(t *testing.T) {
	for _, fallback := range []bool{false, true} {
		sessions, _ := visitor.Sessions[gin.Visit](t)
		engine := framework.New()
		engine.ContextWithFallback = fallback
		engine.GET("/", func(c *framework.Context) {
			_, inRequest := sessions.FromContext(c.Request.Context())
			_, inContext := sessions.FromContext(c)
			c.String(http.StatusOK, "%t %t", inRequest, inContext)
		})
		v := visitor.New(t, sessions.Handler(engine))
		v.Expect(v.Get("/"), fmt.Sprint(true, fallback))
	}
}
