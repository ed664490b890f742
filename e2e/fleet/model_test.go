package fleet

import (
	"time"

	"example.com/cookiesession"
)

// maxSkew is by how much a cookie may be ahead of a replica's clock.
const maxSkew = 5 * 60 // seconds

// A cookie is what a visitor has, all times in Unix seconds.
type cookie struct {
	key             string // id
	created, issued int64
	end             int64 // when the browser drops it, by the true time
}

// A key is one of a ring, as a model sees it.
type key struct {
	id                 string
	activates, retires time.Time
	kept               bool
}

// A view is a ring that a model can ask quickly: the keys in the order in which
// they follow each other, the latest first.
type view []key

func viewOf(infos []cookiesession.KeyInfo) (v view) {
	for _, k := range infos {
		if k.State != cookiesession.KeyRevoked {
			v = append(v, key{k.ID, k.Activates, k.Retires, k.State == cookiesession.KeyKept})
		}
	}
	return v
}

func (k *key) opens(now time.Time) bool { return k.retires.IsZero() || now.Before(k.retires) }

// find returns the place of a key that opens, or -1.
func (v view) find(id string, now time.Time) int {
	for i := range v {
		if v[i].id == id && v[i].opens(now) {
			return i
		}
	}
	return -1
}

// sealing returns the place of the key that seals, or -1.
func (v view) sealing(now time.Time) int {
	first := -1
	for i := range v {
		switch {
		case v[i].kept || !v[i].opens(now):
		case !v[i].activates.After(now):
			return i
		case first < 0 || v[i].activates.Before(v[first].activates):
			first = i
		}
	}
	return first
}

// An act is what a request does to a cookie.
type act string

const (
	left     act = ""
	changed  act = "changed"
	resealed act = "resealed"
)

// login returns a new visitor's cookie. It is false if no key can seal.
func (v view) login(life time.Duration, now time.Time, truth int64) (cookie, bool) {
	s := v.sealing(now)
	if s < 0 {
		return cookie{}, false
	}
	return cookie{v[s].id, now.Unix(), now.Unix(), truth + seconds(life)}, true
}

// request is a visit of a page with a cookie, which it changes as the answer
// does. The refusal says why the cookie was not accepted.
func (v view) request(c *cookie, change bool, life time.Duration, now time.Time, truth int64) (done act, refusal cookiesession.Reason) {
	at, unix := v.find(c.key, now), now.Unix()
	switch {
	case at < 0:
		return left, cookiesession.ReasonUnknownKey
	case c.issued > unix+maxSkew:
		return left, cookiesession.ReasonFuture
	case unix >= c.created+seconds(life):
		return left, cookiesession.ReasonLifetime
	}
	switch s := v.sealing(now); {
	case change:
		done = changed
		c.issued = max(c.issued, unix)
		at = min(at, s) // no older key seals what replaces it
	case s < at:
		done = resealed // which is no new issue
		at = s
	default:
		return left, ""
	}
	c.key = v[at].id
	c.end = truth + c.created + seconds(life) - unix
	return done, ""
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }
