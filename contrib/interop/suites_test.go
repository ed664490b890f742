package interop

import (
	"context"
	"net/http"
	"testing"

	ginstore "example.com/cookiesession/contrib/gin"
	"example.com/cookiesession/contrib/gorilla"
	"github.com/cloudwego/hertz/pkg/app"
	"github.com/cloudwego/hertz/pkg/common/config"
	"github.com/cloudwego/hertz/pkg/common/ut"
	"github.com/cloudwego/hertz/pkg/route"
	ginsessions "github.com/gin-contrib/sessions"
	gintester "github.com/gin-contrib/sessions/tester"
	hertzsessions "github.com/hertz-contrib/sessions"
	hertztester "github.com/hertz-contrib/sessions/tester"
)

// A suite is what a peer tests its own stores with.
type suite[F any] struct {
	name string
	test func(*testing.T, F)
}

// run runs a peer's suite, and prints how much of it passes. A part without a
// test is one that differs from the peer on purpose, for which there is a test
// of its own.
func run[F any](t *testing.T, peer string, newStore F, suites []suite[F]) {
	passed := 0
	for _, s := range suites {
		if s.test == nil {
			continue
		}
		if t.Run(s.name, func(t *testing.T) { s.test(t, newStore) }) {
			passed++
		}
	}
	t.Logf("%s: %d of %d passed", peer, passed, len(suites))
}

// TestGinContrib runs the suite that gin-contrib/sessions has for its stores.
func TestGinContrib(t *testing.T) {
	type factory = func(*testing.T) ginsessions.Store
	run(t, "gin-contrib/sessions", func(t *testing.T) ginsessions.Store {
		store, err := ginstore.NewStore(newKeys(t), nil)
		if err != nil {
			t.Fatal(err)
		}
		return store
	}, []suite[factory]{
		{"GetSet", func(t *testing.T, f factory) { gintester.GetSet(t, f) }},
		{"DeleteKey", func(t *testing.T, f factory) { gintester.DeleteKey(t, f) }},
		{"Flashes", func(t *testing.T, f factory) { gintester.Flashes(t, f) }},
		{"Clear", func(t *testing.T, f factory) { gintester.Clear(t, f) }},
		{"Options", func(t *testing.T, f factory) { gintester.Options(t, f) }},
		{"Many", func(t *testing.T, f factory) { gintester.Many(t, f) }},
		{"ManyStores", func(t *testing.T, f factory) { gintester.ManyStores(t, f) }},
	})
}

// A hertzStore is all that hertz-contrib/sessions asks for beside gorilla's
// interface.
type hertzStore struct{ *gorilla.Store }

func (s hertzStore) Options(o hertzsessions.Options) { s.Store.Options = o.ToGorillaOptions() }

// TestHertz runs the suite that hertz-contrib/sessions has for its stores.
func TestHertz(t *testing.T) {
	type factory = func(*testing.T) hertzsessions.Store
	run(t, "hertz-contrib/sessions", func(t *testing.T) hertzsessions.Store { return hertzStore{newStore(t)} }, []suite[factory]{
		{"GetSet", func(t *testing.T, f factory) { hertztester.GetSet(t, f) }},
		{"DeleteKey", func(t *testing.T, f factory) { hertztester.DeleteKey(t, f) }},
		{"Flashes", func(t *testing.T, f factory) { hertztester.Flashes(t, f) }},
		{"Clear", func(t *testing.T, f factory) { hertztester.Clear(t, f) }},
		{"Options", nil}, // TestHertzOptions
		{"Many", func(t *testing.T, f factory) { hertztester.Many(t, f) }},
	})
}

// TestHertzOptions: hertz' own test sets a Domain in the store's Options and a
// Path alone in the session's, and asks that Path be the first attribute of the
// cookie. Its writer puts Domain before Path, so the test asks that the store's
// Domain be forgotten. Here what a session's Options leave out is the store's:
// a deletion with MaxAge -1 alone, as the same test has one, would else be for
// another cookie than the one that was set, and delete nothing. gin's test says
// the same, and passes, because net/http puts Path first.
func TestHertzOptions(t *testing.T) {
	store := hertzStore{newStore(t)}
	store.Options(hertzsessions.Options{Domain: "app.example", Path: "/in", MaxAge: 60})
	engine := route.NewEngine(config.NewOptions(nil))
	engine.Use(hertzsessions.New("app", store))
	engine.GET("/in", func(_ context.Context, c *app.RequestContext) {
		session := hertzsessions.Default(c)
		session.Set("key", "value")
		session.Options(hertzsessions.Options{MaxAge: -1, SameSite: http.SameSiteStrictMode})
		if err := session.Save(); err != nil {
			t.Errorf("Save: %v", err)
		}
	})
	line := string(ut.PerformRequest(engine, http.MethodGet, "/in", nil).Result().Header.Peek("Set-Cookie"))
	got, err := http.ParseSetCookie(line)
	if err != nil || got.Value != "" || got.Domain != "app.example" || got.Path != "/in" || got.SameSite != http.SameSiteStrictMode || !got.Secure {
		t.Errorf("%v, %s", err, line)
	}
}
