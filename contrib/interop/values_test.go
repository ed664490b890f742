package interop

import (
	"bytes"
	"crypto/x509"
	"database/sql"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"example.com/cookiesession"
	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/crewjam/saml/samlsp"
	"github.com/gin-gonic/gin"
	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	gofrs "github.com/gofrs/uuid/v5"
	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-github/v66/github"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/lib/pq"
	"github.com/markbates/goth"
	"github.com/oklog/ulid/v2"
	ory "github.com/ory/client-go"
	"github.com/rs/xid"
	"github.com/samber/mo"
	"github.com/segmentio/ksuid"
	"github.com/shopspring/decimal"
	"github.com/stripe/stripe-go/v76"
	nullv8 "github.com/volatiletech/null/v8"
	zitadel "github.com/zitadel/oidc/v3/pkg/oidc"
	"go.mongodb.org/mongo-driver/v2/bson"
	"golang.org/x/oauth2"
	"golang.org/x/text/currency"
	"golang.org/x/text/language"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"gopkg.in/guregu/null.v4"
	"gorm.io/datatypes"
	"gorm.io/gorm"
)

// A trip says how a value fared, as a field of its type and inside an any. nil:
// it came back as it was.
type trip struct{ typed, inAny error }

// A valueRow is a value of a library, and how it fares with each.
type valueRow struct {
	name             string
	pkg              string // of its type
	ours, gob        func() trip
	wrapped, wrapGob func() error // in a type with MarshalBinary and UnmarshalBinary, by JSON or by gob
}

// box has a value as a field of its type.
type box[T any] struct{ V T }

// inJSON is the wrapper that the errors advise for types of other modules.
type inJSON[T any] struct{ V T }

func (w inJSON[T]) MarshalBinary() ([]byte, error)     { return json.Marshal(w.V) }
func (w *inJSON[T]) UnmarshalBinary(text []byte) error { return json.Unmarshal(text, &w.V) }

// inGob is the same for what JSON does not keep.
type inGob[T any] struct{ V T }

func (w inGob[T]) MarshalBinary() ([]byte, error) {
	var buffer bytes.Buffer
	err := gob.NewEncoder(&buffer).Encode(box[T](w))
	return buffer.Bytes(), err
}

func (w *inGob[T]) UnmarshalBinary(data []byte) error {
	var v box[T]
	err := gob.NewDecoder(bytes.NewReader(data)).Decode(&v)
	*w = inGob[T](v)
	return err
}

// row makes a valueRow. The types of inside are registered too, because values
// of them are inside interfaces.
func row[T any](codec *cookiesession.Codec, name string, v T, inside ...any) valueRow {
	through := func(in, out any) error {
		text, err := codec.Encode("n", in)
		if err != nil {
			return err
		}
		return codec.Decode("n", text, out)
	}
	return valueRow{
		name: name,
		pkg:  packageOf(reflect.TypeFor[T]()),
		ours: func() trip {
			register(codec, append(inside, v))
			return bothWays(v, through)
		},
		gob: func() trip {
			for _, x := range append(inside, v) {
				func() {
					defer func() { _ = recover() }() // the type is registered, or the pointer to it is
					gob.Register(x)
				}()
			}
			return bothWays(v, throughGob)
		},
		wrapped: func() error {
			return attempt(v, func() (any, error) {
				var out box[inJSON[T]]
				err := through(box[inJSON[T]]{inJSON[T]{v}}, &out)
				return out.V.V, err
			})
		},
		wrapGob: func() error {
			return attempt(v, func() (any, error) {
				var out box[inGob[T]]
				err := through(box[inGob[T]]{inGob[T]{v}}, &out)
				return out.V.V, err
			})
		},
	}
}

func packageOf(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.PkgPath()
}

// register registers the types of values that an any does not take as it is, if
// it takes them at all.
func register(codec *cookiesession.Codec, values []any) {
	for _, v := range values {
		if _, err := codec.Encode("n", map[string]any{"v": v}); err != nil && strings.Contains(err.Error(), "must be registered") {
			func() {
				defer func() { _ = recover() }() // it is what is inside v that must be
				cookiesession.Register(fmt.Sprintf("%s %T", packageOf(reflect.TypeOf(v)), v), v)
			}()
		}
	}
}

// bothWays sends a value through a codec.
func bothWays[T any](v T, through func(in, out any) error) trip {
	return trip{
		typed: attempt(v, func() (any, error) {
			var out box[T]
			err := through(box[T]{v}, &out)
			return out.V, err
		}),
		inAny: attempt(v, func() (any, error) {
			var out map[string]any
			err := through(map[string]any{"v": v}, &out)
			return out["v"], err
		}),
	}
}

func throughGob(in, out any) error {
	var buffer bytes.Buffer
	if err := gob.NewEncoder(&buffer).Encode(in); err != nil {
		return err
	}
	return gob.NewDecoder(&buffer).Decode(out)
}

var errAnother = errors.New("another value came back")

// attempt returns why a value does not come back as it was.
func attempt(v any, roundTrip func() (any, error)) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	got, err := roundTrip()
	if err == nil && !same(v, got) {
		err = fmt.Errorf("%w: %#v, was %#v", errAnother, got, v)
	}
	return err
}

// same reports whether two values are the same to a program: of one type, and
// equal, or with the same text.
func same(a, b any) bool {
	if reflect.TypeOf(a) != reflect.TypeOf(b) {
		return false
	}
	if reflect.DeepEqual(a, b) {
		return true
	}
	if _, ours := a.(withSecret); ours {
		return false // JSON does not show what this row is about
	}
	before, errBefore := json.Marshal(a)
	after, errAfter := json.Marshal(b)
	return errBefore == nil && errAfter == nil && len(before) > 2 && bytes.Equal(before, after)
}

type (
	role     int
	roleText int
	Base     struct {
		ID      uuid.UUID
		Created time.Time
	}
	derived struct {
		Base
		Name string
	}
	sqlcUser struct {
		ID        uuid.UUID      `json:"id"`
		Email     string         `json:"email"`
		Nick      sql.NullString `json:"nick"`
		LastLogin sql.NullTime   `json:"last_login"`
		Balance   decimal.Decimal
		Addr      netip.Addr
		Tags      pq.StringArray
		Meta      json.RawMessage
		Age       sql.Null[int]
	}
	gormUser struct {
		gorm.Model
		Name string
	}
	withFunc struct {
		Name string
		Fn   func()
	}
	withPointer struct {
		*Base
		Name string
	}
	withMutex struct {
		sync.RWMutex
		M map[string]string
	}
	withMapPointer struct{ M *map[string]string }
	withSecret     struct {
		Name  string
		Admin bool `json:"-"`
	}
	withError struct {
		Field string
		Err   error
	}
)

func (r roleText) MarshalText() ([]byte, error) { return []byte(strconv.Itoa(int(r))), nil }
func (r *roleText) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(string(text))
	*r = roleText(n)
	return err
}

// fromJSON returns a value as a provider's answer makes it.
func fromJSON[T any](text string) (v T) {
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		panic(err)
	}
	return v
}

// valueRows has what applications of these libraries put into sessions.
func valueRows(codec *cookiesession.Codec) (rows []valueRow) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 89, time.UTC)
	link, _ := url.Parse("https://user:pw@example.org/a/b?q=1#f")
	ip := netip.MustParseAddr("2001:db8::1")
	id := uuid.MustParse("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
	id2 := gofrs.Must(gofrs.FromString(id.String()))
	_, network, _ := net.ParseCIDR("10.0.0.0/8")
	object, _ := structpb.NewStruct(map[string]any{"a": 1, "b": "x"})
	add := func(r valueRow) { rows = append(rows, r) }
	add(row(codec, "webauthn.SessionData", webauthn.SessionData{Challenge: "abc_DEF-123", RelyingPartyID: "example.org", UserID: []byte{1, 2, 3}, AllowedCredentialIDs: [][]byte{{9, 8}, {7}}, Expires: at, UserVerification: protocol.VerificationPreferred, Extensions: protocol.SessionExtensions{Requested: []string{"appid"}, AppID: "https://x", Extra: map[string]any{"n": 1.5, "l": []any{"a"}}}}))
	add(row(codec, "webauthn.SessionData+params", webauthn.SessionData{Challenge: "abc", CredParams: []protocol.CredentialParameter{{Type: "public-key", Algorithm: -7}}, Mediation: protocol.MediationConditional}))
	add(row(codec, "webauthn.Credential", webauthn.Credential{ID: []byte{1}, PublicKey: []byte{2}, Transport: []protocol.AuthenticatorTransport{"usb"}, Authenticator: webauthn.Authenticator{AAGUID: make([]byte, 16), SignCount: 7}}))
	add(row(codec, "*oauth2.Token", &oauth2.Token{AccessToken: "ya29.x", TokenType: "Bearer", RefreshToken: "1//r", Expiry: at}))
	add(row(codec, "goth.User", goth.User{Provider: "google", Email: "a@example.org", UserID: "42", ExpiresAt: at, RawData: map[string]any{"id": float64(42), "verified": true, "roles": []any{"a", "b"}, "nested": map[string]any{"x": nil}}}))
	add(row(codec, "goth.User with json.Number", goth.User{Provider: "x", RawData: map[string]any{"id": json.Number("42")}}, json.Number("")))
	add(row(codec, "goth.User with json.RawMessage", goth.User{Provider: "x", RawData: map[string]any{"raw": json.RawMessage(`{"a":1}`)}}, json.RawMessage{}))
	add(row(codec, "uuid.UUID", id))
	add(row(codec, "uuid.NullUUID", uuid.NullUUID{UUID: id, Valid: true}))
	add(row(codec, "uuid.NullUUID null", uuid.NullUUID{}))
	add(row(codec, "gofrs.UUID", id2))
	add(row(codec, "gofrs.NullUUID", gofrs.NullUUID{UUID: id2, Valid: true}))
	add(row(codec, "gofrs.NullUUID null", gofrs.NullUUID{}))
	add(row(codec, "decimal.Decimal", decimal.RequireFromString("12.340")))
	add(row(codec, "decimal.NullDecimal", decimal.NullDecimal{Decimal: decimal.RequireFromString("1.5"), Valid: true}))
	add(row(codec, "decimal.NullDecimal null", decimal.NullDecimal{}))
	add(row(codec, "time.Duration", 90*time.Second))
	add(row(codec, "time.Month", time.March))
	add(row(codec, "time.Weekday", time.Friday))
	add(row(codec, "*time.Location", time.FixedZone("X", 3600)))
	add(row(codec, "*time.Time", &at))
	add(row(codec, "url.URL", *link))
	add(row(codec, "url.Values", url.Values{"a": {"1", "2"}}))
	add(row(codec, "http.Header", http.Header{"A": {"1"}}))
	add(row(codec, "http.Cookie", http.Cookie{Name: "a", Value: "b", SameSite: http.SameSiteLaxMode, Expires: at}))
	add(row(codec, "netip.Addr", ip))
	add(row(codec, "netip.Addr zone", netip.MustParseAddr("fe80::1%eth0")))
	add(row(codec, "netip.AddrPort", netip.AddrPortFrom(ip, 443)))
	add(row(codec, "netip.Prefix", netip.MustParsePrefix("10.0.0.0/8")))
	add(row(codec, "net.IP", net.ParseIP("192.0.2.1")))
	add(row(codec, "net.IPNet", *network))
	add(row(codec, "net.HardwareAddr", net.HardwareAddr{1, 2, 3, 4, 5, 6}))
	add(row(codec, "*net.TCPAddr", &net.TCPAddr{IP: net.ParseIP("192.0.2.1"), Port: 80}))
	add(row(codec, "sql.NullString", sql.NullString{String: "x", Valid: true}))
	add(row(codec, "sql.NullTime", sql.NullTime{Time: at.UTC(), Valid: true}))
	add(row(codec, "sql.Null[uuid]", sql.Null[uuid.UUID]{V: id, Valid: true}))
	add(row(codec, "json.RawMessage", json.RawMessage(`{"a":1}`)))
	add(row(codec, "json.Number", json.Number("12345678901234567890")))
	add(row(codec, "*big.Int", big.NewInt(1).Lsh(big.NewInt(1), 100)))
	add(row(codec, "*big.Rat", big.NewRat(1, 3)))
	add(row(codec, "*big.Float", big.NewFloat(1.25)))
	add(row(codec, "*structpb.Struct", object, new(structpb.Value_NumberValue), new(structpb.Value_StringValue)))
	add(row(codec, "*timestamppb.Timestamp", timestamppb.New(at)))
	add(row(codec, "Derived", derived{Base{id, at.UTC()}, "n"}))
	add(row(codec, "map[int]struct{}", map[int]struct{}{1: {}, 2: {}}))
	add(row(codec, "map[int64]string", map[int64]string{1: "a"}))
	add(row(codec, "map[string]map[int]string", map[string]map[int]string{"a": {1: "x"}}))
	add(row(codec, "map[string]bool", map[string]bool{"a": true}))
	add(row(codec, "map[string]float64", map[string]float64{"a": 1}))
	add(row(codec, "map[string][]string", map[string][]string{"a": {"b"}}))
	add(row(codec, "map[uuid]int", map[uuid.UUID]int{id: 3}))
	add(row(codec, "map[Role]bool", map[role]bool{1: true}))
	add(row(codec, "map[netip.Addr]int", map[netip.Addr]int{ip: 1}))
	add(row(codec, "map[[2]int]string", map[[2]int]string{{1, 2}: "x"}))
	add(row(codec, "map[struct]string", map[struct{ X, Y int }]string{{1, 2}: "x"}))
	add(row(codec, "map[float64]string", map[float64]string{1.5: "x"}))
	add(row(codec, "[16]byte", [16]byte{1, 2, 3}))
	add(row(codec, "[]int64", []int64{1, 2}))
	add(row(codec, "[]uint", []uint{1, 2}))
	add(row(codec, "[]float64", []float64{1, 2}))
	add(row(codec, "[]bool", []bool{true}))
	add(row(codec, "[]time.Time", []time.Time{at.UTC()}))
	add(row(codec, "[][]byte", [][]byte{{1}}))
	add(row(codec, "[]map[string]any", []map[string]any{{"a": 1}}))
	add(row(codec, "[]map[string]string", []map[string]string{{"a": "b"}}))
	add(row(codec, "gin.H", gin.H{"id": "1", "n": 2}))
	add(row(codec, "struct{Name}", struct{ Name string }{"gin"}))
	add(row(codec, "Role", role(1)))
	add(row(codec, "RoleText", roleText(1)))
	add(row(codec, "complex128", complex(1, 2)))
	add(row(codec, "error value", errors.New("x")))
	add(row(codec, "nil error in a field", withError{Field: "x"}))
	add(row(codec, "error in a field", withError{Field: "x", Err: errors.New("boom")}))
	add(row(codec, "embedded pointer", withPointer{&Base{id, at}, "n"}))
	add(row(codec, "embedded sync.RWMutex", &withMutex{M: map[string]string{"a": "b"}}))
	add(row(codec, "field of type *map", withMapPointer{&map[string]string{"a": "b"}}))
	add(row(codec, `field with json:"-"`, withSecret{Name: "x", Admin: true}))
	add(row(codec, "field of type func", withFunc{Name: "x"}))
	add(row(codec, "SqlcUser", sqlcUser{ID: id, Email: "a@b", Nick: sql.NullString{String: "n", Valid: true}, LastLogin: sql.NullTime{Time: at.UTC(), Valid: true}, Balance: decimal.RequireFromString("1.10"), Addr: ip, Tags: pq.StringArray{"a"}, Meta: json.RawMessage(`{}`), Age: sql.Null[int]{V: 3, Valid: true}}))
	add(row(codec, "GormUser", gormUser{Model: gorm.Model{ID: 3, CreatedAt: at.UTC()}, Name: "n"}))
	add(row(codec, "gorm.DeletedAt", gorm.DeletedAt{Time: at.UTC(), Valid: true}))
	add(row(codec, "datatypes.JSON", datatypes.JSON(`{"a":1}`)))
	add(row(codec, "datatypes.JSONMap", datatypes.JSONMap{"a": 1.0}))
	add(row(codec, "datatypes.Date", datatypes.Date(at.UTC())))
	add(row(codec, "pq.StringArray", pq.StringArray{"a"}))
	add(row(codec, "pgtype.Text", pgtype.Text{String: "x", Valid: true}))
	add(row(codec, "pgtype.UUID", pgtype.UUID{Bytes: id, Valid: true}))
	add(row(codec, "pgtype.Timestamptz", pgtype.Timestamptz{Time: at.UTC(), Valid: true}))
	add(row(codec, "pgtype.Numeric", pgtype.Numeric{Int: big.NewInt(1234), Exp: -2, Valid: true}))
	add(row(codec, "pgtype.Int8", pgtype.Int8{Int64: 4, Valid: true}))
	add(row(codec, "pgtype.Date", pgtype.Date{Time: at.UTC().Truncate(24 * time.Hour), Valid: true}))
	add(row(codec, "null.String v4", null.StringFrom("x")))
	add(row(codec, "null.String v4 null", null.String{}))
	add(row(codec, "null.Int v4", null.IntFrom(3)))
	add(row(codec, "null.Time v4", null.TimeFrom(at.UTC())))
	add(row(codec, "nullv8.String", nullv8.StringFrom("x")))
	add(row(codec, "nullv8.JSON", nullv8.JSONFrom([]byte(`{"a":1}`))))
	add(row(codec, "nullv8.Bool", nullv8.BoolFrom(true)))
	add(row(codec, "bson.ObjectID", bson.NewObjectIDFromTimestamp(at)))
	add(row(codec, "bson.M", bson.M{"a": 1}))
	add(row(codec, "bson.D", bson.D{{Key: "a", Value: 1}}))
	add(row(codec, "ulid.ULID", ulid.MustParse("01ARZ3NDEKTSV4RRFFQ69G5FAV")))
	add(row(codec, "xid.ID", xid.New()))
	add(row(codec, "ksuid.KSUID", ksuid.New()))
	add(row(codec, "language.Tag", language.MustParse("de-CH")))
	add(row(codec, "currency.Unit", currency.EUR))
	add(row(codec, "civil.Date", civil.Date{Year: 2026, Month: 1, Day: 2}))
	add(row(codec, "mail.Address", mail.Address{Name: "A", Address: "a@example.org"}))
	add(row(codec, "slog.Level", slog.LevelWarn))
	add(row(codec, "*regexp.Regexp", regexp.MustCompile("a+")))
	add(row(codec, "jwt.RegisteredClaims", jwt.RegisteredClaims{Issuer: "i", Subject: "s", Audience: jwt.ClaimStrings{"a"}, ExpiresAt: jwt.NewNumericDate(at)}))
	add(row(codec, "jwt.MapClaims", jwt.MapClaims{"sub": "x", "exp": 1.7e9}))
	add(row(codec, "*jwt.Token", &jwt.Token{Raw: "x", Header: map[string]any{"alg": "HS256"}, Claims: jwt.MapClaims{"a": "b"}, Method: jwt.SigningMethodHS256}, new(jwt.SigningMethodHMAC), jwt.MapClaims{}))
	add(row(codec, "*oidc.IDToken", &oidc.IDToken{Issuer: "i", Audience: []string{"a"}, Subject: "s", Expiry: at.UTC()}))
	add(row(codec, "*oidc.UserInfo", &oidc.UserInfo{Subject: "s", Email: "e"}))
	add(row(codec, "zitadel UserInfo", fromJSON[*zitadel.UserInfo](`{"sub": "s", "email": "e"}`)))
	add(row(codec, "zitadel IDTokenClaims", fromJSON[*zitadel.IDTokenClaims](`{"sub": "s", "iss": "i", "exp": 1772600767}`)))
	add(row(codec, "zitadel Tokens", &zitadel.Tokens[*zitadel.IDTokenClaims]{Token: &oauth2.Token{AccessToken: "a"}, IDToken: "x", IDTokenClaims: &zitadel.IDTokenClaims{}}))
	add(row(codec, "samlsp.JWTSessionClaims", samlsp.JWTSessionClaims{Attributes: samlsp.Attributes{"a": {"b"}}}))
	add(row(codec, "github.User", github.User{Login: github.String("x"), CreatedAt: &github.Timestamp{Time: at.UTC()}}))
	add(row(codec, "stripe.Address", stripe.Address{City: "x"}))
	add(row(codec, "stripe.Customer", stripe.Customer{ID: "c"}))
	add(row(codec, "ory Session", ory.Session{Id: "x"}))
	add(row(codec, "mo.Option[string]", mo.Some("x")))
	add(row(codec, "mo.Result", mo.Ok(3)))
	add(row(codec, "x509.Name pkix", x509.Certificate{Raw: []byte{1}}.Subject))
	return rows
}

// TestValues prints a line for each value: whether it comes back, and if not,
// how it can be kept, and whether gob would have kept it. What gob keeps and
// this library does not is in the table of docs/DROP-IN.md, with what to do,
// and nothing else is.
func TestValues(t *testing.T) {
	codec, err := cookiesession.NewCodec(newKeys(t), &cookiesession.CodecOptions{MaxSize: -1})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../docs/DROP-IN.md")
	if err != nil {
		t.Fatal(err)
	}
	docs := string(text)
	explained := worseInDocs(t, docs)
	rows := valueRows(codec)
	packages, passed := map[string]bool{}, 0
	for _, r := range rows {
		if !strings.HasSuffix(r.pkg, "/interop") && r.pkg != "" {
			packages[r.pkg] = true
		}
		ours, peer := r.ours(), r.gob()
		if ours == (trip{}) {
			passed++
			t.Logf("%s: passed", r.name)
			continue
		}
		worse := ours.typed != nil && peer.typed == nil || ours.inAny != nil && peer.inAny == nil
		if worse != explained[r.name] {
			t.Errorf("%s: worse than gob: %v; in the table of docs/DROP-IN.md: %v\n%v\n%v", r.name, worse, explained[r.name], ours, peer)
		}
		delete(explained, r.name)
		t.Logf("%s: %s", r.name, verdict(t, r, ours, worse))
	}
	for name := range explained {
		t.Errorf("docs/DROP-IN.md says that %s is worse than gob, and it is not, or there is no such row", name)
	}
	t.Logf("%d values of %d packages: %d passed", len(rows), len(packages), passed)
	for _, want := range []string{fmt.Sprintf("%d values of %d packages", len(rows), len(packages)), fmt.Sprintf("%d come back", passed)} {
		if !strings.Contains(docs, want) {
			t.Errorf("docs/DROP-IN.md does not say %q", want)
		}
	}
}

// verdict says how a value fares that does not come back as it was.
func verdict(t *testing.T, r valueRow, ours trip, worse bool) string {
	text := "refused, as by gob"
	switch {
	case worse:
		text = "worse than gob"
	case ours.typed == nil:
		text = "passed as a field; refused inside an any, as by gob"
		if errors.Is(ours.inAny, errAnother) {
			text = "passed as a field; comes back from an any as the type without the pointer, as with gob"
		}
	}
	switch json, gob := r.wrapped(), r.wrapGob(); {
	case json == nil:
		return text + "; MarshalBinary that writes JSON keeps it"
	case gob == nil:
		return text + "; MarshalBinary that writes gob keeps it"
	case worse:
		t.Errorf("%s: there is no way out: %v, %v", r.name, json, gob)
	}
	return text + "; JSON and gob don't keep it either"
}

// worseInDocs returns the rows of the table in docs/DROP-IN.md.
func worseInDocs(t *testing.T, docs string) map[string]bool {
	_, table, ok := strings.Cut(docs, "<!-- begin worse than gob -->")
	table, _, end := strings.Cut(table, "<!-- end worse than gob -->")
	if !ok || !end {
		t.Fatal("docs/DROP-IN.md has no table")
	}
	names := map[string]bool{}
	for _, match := range regexp.MustCompile("(?m)^\\| `([^`]+)`").FindAllStringSubmatch(table, -1) {
		names[match[1]] = true
	}
	return names
}
