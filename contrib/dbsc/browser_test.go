package dbsc_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// A browser follows the draft as far as one site needs it. It has cookies and
// sessions of its own, and takes its time from the test.
type browser struct {
	t         *testing.T
	site      http.Handler
	without   bool // DBSC
	quoted    bool // headers are, as the draft has them
	skipping  bool // instead of refreshing, as when the signing quota is used up
	elsewhere bool // the request comes from a link on another site, and with Lax cookies all the same; what it causes comes without
	cookies   map[string]kept
	sessions  []*boundSession
	log       []string // method, path, status
}

type kept struct {
	value string
	until time.Time
}

// A boundSession is what a browser keeps of a registration.
type boundSession struct {
	id, refresh, cookie, challenge string
	key                            *ecdsa.PrivateKey
}

func newBrowser(t *testing.T, site http.Handler) *browser {
	return &browser{t: t, site: site, cookies: make(map[string]kept)}
}

// thief returns a client with a copy of all cookies, which keeps them for ever.
func (b *browser) thief() *browser {
	copied := newBrowser(b.t, b.site)
	copied.without = true
	b.expire()
	for name, c := range b.cookies {
		copied.cookies[name] = kept{c.value, time.Now().AddDate(100, 0, 0)}
	}
	return copied
}

// get and post are requests of a page, which wait for missing proofs. They
// return the body, or the status if it is not 200.
func (b *browser) get(path string) string  { return b.request(http.MethodGet, path) }
func (b *browser) post(path string) string { return b.request(http.MethodPost, path) }

func (b *browser) request(method, path string) string {
	b.t.Helper()
	header := make(http.Header)
	b.expire()
	for _, s := range slices.Clone(b.sessions) {
		if _, ok := b.cookies[s.cookie]; ok {
			continue
		}
		if b.skipping {
			header.Add("Secure-Session-Skipped", `quota_exceeded;session_identifier="`+s.id+`"`)
			continue
		}
		b.refresh(s)
	}
	answer := b.send(method, path, header, b.carry())
	b.follow(answer)
	if answer.StatusCode != http.StatusOK {
		return fmt.Sprint(answer.StatusCode)
	}
	return text(b.t, answer)
}

// follow does what an answer asks for: it takes challenges, and registers.
func (b *browser) follow(answer *http.Response) {
	b.t.Helper()
	b.takeChallenges(answer)
	for _, registration := range answer.Header.Values("Secure-Session-Registration") {
		if b.without {
			return
		}
		parts := registrationHeader.FindStringSubmatch(registration)
		if parts == nil {
			b.t.Fatalf("a registration header %q", registration)
		}
		key := newKey(b.t)
		b.register(parts[1], key, sign(b.t, key, parts[2], true))
	}
}

var registrationHeader = regexp.MustCompile(`^\(ES256\);path="([^"]+)";challenge="([^"]+)"$`)

// register posts a proof to the register endpoint, and returns the status.
func (b *browser) register(path string, key *ecdsa.PrivateKey, proof string) int {
	b.t.Helper()
	answer := b.send(http.MethodPost, path, http.Header{"Secure-Session-Response": {b.quote(proof)}}, b.carryInside())
	if answer.StatusCode != http.StatusOK {
		return answer.StatusCode
	}
	var config struct {
		ID          string `json:"session_identifier"`
		Refresh     string `json:"refresh_url"`
		Credentials []struct{ Type, Name, Attributes string }
		Scope       struct {
			IncludeSite *bool `json:"include_site"`
		}
		Initiators []string `json:"allowed_refresh_initiators"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&config); err != nil {
		b.t.Fatal(err)
	}
	if len(config.Credentials) != 1 || config.Credentials[0].Type != "cookie" || config.Scope.IncludeSite == nil || *config.Scope.IncludeSite || !slices.Equal(config.Initiators, []string{"*"}) {
		b.t.Errorf("the registration's answer is %+v", config)
	}
	s := &boundSession{id: config.ID, refresh: config.Refresh, cookie: config.Credentials[0].Name, key: key}
	b.sessions = append(b.sessions, s)
	b.takeChallenges(answer)
	// A browser asks whether this cookie would be sent, so it has to be the one
	// that is set.
	if line := answer.Header.Values("Set-Cookie"); !slices.ContainsFunc(line, func(l string) bool {
		return strings.HasPrefix(l, s.cookie+"=") && hasAttributes(l, config.Credentials[0].Attributes)
	}) {
		b.t.Errorf("no cookie %s with %q in %q", s.cookie, config.Credentials[0].Attributes, line)
	}
	return answer.StatusCode
}

func hasAttributes(line, attributes string) bool {
	parts := strings.Split(line, "; ")
	for a := range strings.SplitSeq(attributes, "; ") {
		if !slices.Contains(parts, a) {
			return false
		}
	}
	return true
}

// refresh fetches a proof. It signs at most three times.
func (b *browser) refresh(s *boundSession) {
	b.t.Helper()
	for range 3 {
		header := http.Header{"Sec-Secure-Session-Id": {b.quote(s.id)}}
		if s.challenge != "" {
			header.Set("Secure-Session-Response", b.quote(sign(b.t, s.key, s.challenge, false)))
		}
		answer := b.send(http.MethodPost, s.refresh, header, b.carryInside())
		b.takeChallenges(answer)
		body := text(b.t, answer)
		switch code := answer.StatusCode; {
		case code == http.StatusForbidden:
			continue
		case code == http.StatusOK && body == "", code >= 500:
		default: // over, as for every other answer
			b.sessions = slices.DeleteFunc(b.sessions, func(o *boundSession) bool { return o == s })
		}
		return
	}
}

var challengeHeader = regexp.MustCompile(`^"([^"]+)";id="([^"]+)"$`)

func (b *browser) takeChallenges(answer *http.Response) {
	for _, value := range answer.Header.Values("Secure-Session-Challenge") {
		parts := challengeHeader.FindStringSubmatch(value)
		if parts == nil {
			b.t.Fatalf("a challenge header %q", value)
		}
		for _, s := range b.sessions {
			if s.id == parts[2] {
				s.challenge = parts[1]
			}
		}
	}
}

// send is a single request. It takes the cookies of the answer.
func (b *browser) send(method, path string, header http.Header, cookies string) *http.Response {
	b.t.Helper()
	r := httptest.NewRequest(method, "https://app.example"+path, nil)
	maps.Copy(r.Header, header)
	if cookies != "" {
		r.Header.Set("Cookie", cookies)
	}
	w := httptest.NewRecorder()
	b.site.ServeHTTP(w, r)
	answer := w.Result()
	b.log = append(b.log, fmt.Sprintf("%s %s %d", method, path, answer.StatusCode))
	for _, c := range answer.Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
			continue
		}
		b.cookies[c.Name] = kept{c.Value, time.Now().Add(time.Duration(c.MaxAge) * time.Second)}
	}
	return answer
}

func (b *browser) expire() {
	maps.DeleteFunc(b.cookies, func(_ string, c kept) bool { return !c.until.After(time.Now()) })
}

// carry returns the Cookie header of a page's request.
func (b *browser) carry() string {
	b.expire()
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(b.cookies)) {
		pairs = append(pairs, name+"="+b.cookies[name].value)
	}
	return strings.Join(pairs, "; ")
}

// carryInside is carry for a request of DBSC itself.
func (b *browser) carryInside() string {
	if b.elsewhere {
		return ""
	}
	return b.carry()
}

func (b *browser) quote(value string) string {
	if b.quoted {
		return `"` + value + `"`
	}
	return value
}

// last returns the log of the last n requests.
func (b *browser) last(n int) string {
	return strings.Join(b.log[max(0, len(b.log)-n):], ", ")
}

func text(t *testing.T, answer *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func encode(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// sign returns a browser's proof: a JWS over a challenge.
func sign(t testing.TB, key *ecdsa.PrivateKey, challenge string, withKey bool) string {
	t.Helper()
	jwk := ""
	if withKey {
		raw, err := key.PublicKey.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		jwk = fmt.Sprintf(`,"jwk":{"kty":"EC","crv":"P-256","x":"%s","y":"%s"}`, encode(raw[1:33]), encode(raw[33:]))
	}
	return signText(t, key, `{"alg":"ES256","typ":"dbsc+jwt"`+jwk+`}`, `{"jti":"`+challenge+`"}`)
}

func signText(t testing.TB, key *ecdsa.PrivateKey, header, claims string) string {
	t.Helper()
	signed := encode([]byte(header)) + "." + encode([]byte(claims))
	sum := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + encode(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
