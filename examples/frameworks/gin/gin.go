// Package gin keeps sessions in an application of gin-gonic/gin.
//
// The engine is wrapped as a whole. A middleware of gin's would be done too
// early: gin notes the status of a response and writes its header after the
// last handler and all middlewares have returned. Around the engine, the
// session is saved when gin really writes. Context.Stream, server-sent events,
// Hijack and http.ResponseController work as before.
//
// In a handler the session is that of c.Request. Where there is only a context,
// sessions.FromContext finds it in c.Request.Context(), and in c itself only if
// the engine has ContextWithFallback set. A goroutine that outlives the request
// is given what it needs of the session and not c.Copy(), which has the same
// session.
//
// gin.Recovery is inside, so to the session a panic is an ordinary response
// with status 500, and what the handler changed before is saved. If that is not
// wanted, put a recovery around sessions.Handler instead.
package gin

import (
	"cmp"
	"io"
	"net/http"

	"example.com/cookiesession"
	"github.com/gin-gonic/gin"
)

// A Visit is the session. Its zero value is that of a first visit, for which no
// cookie is set.
type Visit struct {
	Theme string // empty: system
	Flash string // to be shown once
}

// New returns the application. It is for http.Server{Handler: ...} and not for
// engine.Run, which would serve the engine without sessions.
func New(sessions *cookiesession.Manager[Visit]) http.Handler {
	engine := gin.New()
	engine.Use(gin.Recovery())

	engine.GET("/", func(c *gin.Context) {
		visit := &sessions.Get(c.Request).Data
		flash := visit.Flash
		visit.Flash = "" // before the first byte, which sends the headers
		c.String(http.StatusOK, "The theme is %s. %s\n", cmp.Or(visit.Theme, "system"), flash)
	})

	engine.POST("/theme", func(c *gin.Context) {
		theme := c.PostForm("theme")
		if theme != "light" && theme != "dark" {
			c.String(http.StatusBadRequest, "There is no such theme.\n")
			return
		}
		visit := &sessions.Get(c.Request).Data
		visit.Theme = theme
		visit.Flash = "Saved."
		c.Redirect(http.StatusSeeOther, "/")
	})

	engine.GET("/countdown", func(c *gin.Context) {
		// A stream's first event sends the headers. What is changed in the
		// session before that is saved, what is changed during the stream is
		// not.
		sessions.Get(c.Request).Data.Flash = "That was a countdown."
		left := 3
		c.Stream(func(io.Writer) bool {
			c.SSEvent("left", left)
			left--
			return left > 0
		})
	})
	return http.NewCrossOriginProtection().Handler(sessions.Handler(engine))
}
