package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/wire"
)

// wrap breaks a text into lines of a width, as a terminal does whose text is
// copied.
func wrap(text string, width int, indent string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		for len(line) > width {
			b.WriteString(line[:width] + "\n" + indent)
			line = line[width:]
		}
		b.WriteString(line)
	}
	return b.String()
}

// TestFind has one cookie in each form that people have in hand. VALUE stands
// for it, and its name is app or the one of the row.
func TestFind(t *testing.T) {
	codec, ring := newSealer(t)
	const jwt = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4ifQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
	quoted := func(text string) string { return strings.ReplaceAll(wrap(text, 75, ""), "\n", "=\r\n") }
	at := func(width int, indent string) func(string) string {
		return func(text string) string { return wrap(text, width, indent) }
	}
	windows := func(text string) string { return strings.ReplaceAll(wrap(text, 50, ""), "\n", "\r\n") }
	plain := func(text string) string { return text }
	type form struct{ name, text, cookie string }
	forms := []form{
		{"value", "VALUE", ""},
		{"pair", "app=VALUE", "app"},
		{"Cookie", "Cookie: lang=en; app=VALUE; jwt=" + jwt, "app"},
		{"Set-Cookie", "Set-Cookie: app=VALUE; Path=/; Max-Age=1209600; HttpOnly; Secure; SameSite=Lax", "app"},
		{"quoted value", `Set-Cookie: app="VALUE"; Path=/`, "app"},
		{"head", "HTTP/1.1 200 OK\r\nVary: Cookie\r\nSet-Cookie: app=VALUE; Path=/\r\nX: y=z\r\n\r\nq=r", "app"},
		{"curl -v", "* Connected\n> GET / HTTP/1.1\n> Cookie: a=b\n>\n< HTTP/1.1 200 OK\n< Set-Cookie: app=VALUE; Secure\n", "app"},
		{"curl -v with HTTP/2", "* [HTTP/2] [1] [:path: /]\n* [HTTP/2] [1] [cookie: app=VALUE]\n> GET / HTTP/2\n", "app"},
		{"HTTP/2", ":method\nGET\n:path\n/\ncookie\na=b; app=VALUE\nuser-agent\nx", "app"},
		{"HTTP/2 in lines", ":method: GET\n:authority: localhost\ncookie: a=b\ncookie: app=VALUE\n", "app"},
		{"cURL of bash", "curl 'http://localhost:8080/' \\\n  -H 'accept: */*' \\\n  -b 'a=b; app=VALUE' \\\n  -H 'user-agent: x' --compressed", "app"},
		{"cURL of bash with escapes", `curl 'http://localhost/' -H $'cookie: a=b\u0021; app=VALUE' --compressed`, "app"},
		{"cURL of cmd", "curl ^\"http://localhost:8080/^\" ^\r\n  -H ^\"sec-ch-ua: ^\\^\"Not.A/Brand^\\^\";v=^\\^\"8^\\^\"^\" ^\r\n  -b ^\"a=1^%^7C2; app=VALUE^\" ^\r\n  -H ^\"user-agent: x^\"", "app"},
		{"curl's long option", "curl --cookie=app=VALUE http://localhost/", "app"},
		{"PowerShell", "$session.Cookies.Add((New-Object System.Net.Cookie(\"app\", \"VALUE\", \"/\", \"localhost\")))", "app"},
		{"fetch", "fetch(\"http://localhost/\", {\n  \"headers\": {\n    \"accept\": \"*/*\",\n    \"cookie\": \"a=b; app=VALUE\"\n  },\n  \"method\": \"GET\"\n});", "app"},
		{"jar", "# Netscape HTTP Cookie File\n\nlocalhost\tFALSE\t/\tFALSE\t0\ta\tb\n#HttpOnly_localhost\tFALSE\t/\tTRUE\t1796923156\tapp\tVALUE\n", "app"},
		{"jar without tabs", ".localhost    TRUE    /       FALSE   1440244957      app    VALUE\n", "app"},
		{"jar with single spaces", ".localhost TRUE / FALSE 946684799 app VALUE\n", "app"},
		{"lines in a HAR header", `{"name":"set-cookie","value":"a=; max-age=0; httponly\napp=VALUE; path=/; HttpOnly"}`, "app"},
		{"DevTools", "app\tVALUE\tlocalhost\t/\t2026-12-10T17:19:16.000Z\t73\t✓\t✓\tLax\t\t\tMedium\n", "app"},
		{"DevTools with spaces", "session   VALUE   localhost   /   Session   73   ✓", "session"},
		{"HAR cookie", `{"log":{"entries":[{"request":{"cookies":[{"name":"a","value":"b"},{"name":"app","value":"VALUE","path":"/","httpOnly":true}]}}]}}`, "app"},
		{"HAR header", `{"headers": [{"name": "Host", "value": "localhost"}, {"name": "Cookie", "value": "a=\"b\"; app=VALUE"}]}`, "app"},
		{"HAR answer", "{\"headers\": [\n  {\n    \"name\": \"Set-Cookie\",\n    \"value\": \"app=VALUE; Path=/; HttpOnly\"\n  }\n]}", "app"},
		{"cut out of a HAR", "      {\n        \"name\": \"app\",\n        \"value\": \"VALUE\",\n        \"path\": \"/\"\n      },\n      {\n        \"name\": \"other\",", "app"},
		{"an extension's export", `[{"domain":"localhost","expirationDate":1796923156,"hostOnly":true,"name":"app","path":"/","storeId":"0","value":"VALUE"}]`, "app"},
		{"an object between", `{"name":"app","flags":{"http":true},"value":"VALUE"}`, "app"},
		{"the next object's name", `[{"value":"VALUE"},{"name":"other","value":"x"}]`, ""},
		{"value before name", `{"cookies":[{"value":"VALUE","name":"app"},{"value":"x","name":"y"}]}`, "app"},
		{"Firefox", `{"Response Cookies": {"app": {"httpOnly": true, "path": "/", "value": "VALUE"}}}`, "app"},
		{"object", `{"app": "VALUE"}`, "app"},
		{"tough-cookie", `{"cookies":[{"key":"app","value":"VALUE","domain":"localhost"}]}`, "app"},
		{"JSON within JSON", `{"level":"info","body":"{\"app\":\"VALUE\"}"}`, "app"},
		{"JavaScript", "page.setCookie({name: 'app', value: 'VALUE'})", "app"},
		{"Python", "Cookie(version=0, name='app', value='VALUE', port=None)", "app"},
		{"Selenium", "{'domain': 'localhost', 'name': 'app', 'path': '/', 'value': 'VALUE'}", "app"},
		{"Go", "&{Name:app Value:VALUE Quoted:false Path:/ Domain:}", "app"},
		{"a map of Go", "map[session:VALUE]", "session"},
		{"SQL", "INSERT INTO moz_cookies values(7,'','app','VALUE','localhost','/');", "app"},
		{"YAML", "cookies:\n  session: VALUE\n", "session"},
		{"log", `127.0.0.1 - - [26/Nov/2026:17:19:16 +0000] "GET / HTTP/1.1" 200 12 "app=VALUE"`, "app"},
		{"table", "| name | value |\n| --- | --- |\n| session | VALUE |", "session"},
		{"sentence", "The cookie is “VALUE”. It does not open.", ""},
		{"end of a sentence", "I see VALUE.", ""},
		{"a header with the value alone", "X-Auth: VALUE\n", ""},
		{"URL", "http://localhost/?a=b&app=VALUE&c=d", "app"},
		{"percent-encoded", "GET /log?cookie=" + url.QueryEscape("a=b; app=VALUE; c=d"), "app"},
		{"percent-encoded twice", "q=" + url.QueryEscape(url.QueryEscape("app=VALUE;")), "app"},
		{"JSON's escapes", `"a=b; app\u003dVALUE\u0026x"`, "app"},
		{"escaped lines", `"Set-Cookie: a=b\r\napp:\tx\nVALUE\n"`, ""},
		{"HTML", "<td>app=&quot;VALUE&quot;</td>", "app"},
		{"HTML's numbers", "app&#61;VALUE", "app"},
		{"byte order mark", "\ufeffapp=VALUE", "app"},

		{"followed by a word", "app=VALUE\nOK", "app"},
		{"after a word", "hello\napp=VALUE", "app"},
	}
	broken := []struct {
		form
		breaks func(string) string
	}{
		{form{"wrapped", "Cookie: a=b; app=VALUE; c=d", "app"}, at(50, "")},
		{form{"wrapped value", "VALUE", ""}, at(40, "")},
		{form{"wrapped with line ends of Windows", "Set-Cookie: app=VALUE; Path=/", "app"}, windows},
		{form{"wrapped and quoted", "> Cookie: app=VALUE", "app"}, at(60, "> ")},
		{form{"wrapped at each word", "Cookie: a=b; app=VALUE; c=d", "app"}, at(14, "")},
		{form{"quoted-printable", "Cookie: app=3DVALUE; c=3Dd", "app"}, quoted},
	}
	for _, f := range forms {
		broken = append(broken, struct {
			form
			breaks func(string) string
		}{f, plain})
	}
	for _, form := range broken {
		t.Run(form.name, func(t *testing.T) {
			name := form.cookie
			if name == "" {
				name = "session" // which is tried for a value without a name
			}
			for _, size := range []int{1, 40, 700} {
				_, value, _ := strings.Cut(seal(t, codec, name, map[string]string{"text": big()["text"][:size]})[0], "=")
				text := form.breaks(strings.ReplaceAll(form.text, "VALUE", value))
				for _, args := range [][]string{nil, {"-name", name}} {
					found, code := look(t, append(args, "-keys", ring, text)...)
					if code != exitDone || len(found) != 1 || found[0].Cookie != name {
						t.Errorf("%q: exit %d, %+v, in\n%s", args, code, found, text)
					}
				}
				// A name that is not usual can only come from the text.
				if found, code := look(t, text); code != exitDone || found[0].Cookie != form.cookie {
					t.Errorf("without keys: exit %d, %+v, in\n%s", code, found, text)
				}
			}
		})
	}
}

// TestUnescape has what is an escape in one place beside what is none in
// another.
func TestUnescape(t *testing.T) {
	for text, want := range map[string]string{
		`app=Aaff%3DAa`:      `app=Aaff=Aa`,
		"app=3DAaff=\r\nAa=": "app=AaffAa=",
		`a\u003db\x3Dc\td\e`: "a=b=c\td\\e",
		`%4 %zz \u00 100%`:   `%4 %zz \u00 100%`,
	} {
		if got := unescape(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestFindUTF16 has a file that Windows' PowerShell wrote.
func TestFindUTF16(t *testing.T) {
	codec, ring := newSealer(t)
	var b bytes.Buffer
	for _, unit := range utf16.Encode([]rune("\ufeffSet-Cookie: " + seal(t, codec, "app", 1)[0] + "; Path=/\r\n")) {
		binary.Write(&b, binary.LittleEndian, unit)
	}
	path := filepath.Join(t.TempDir(), "out.txt")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if found, code := look(t, "-keys", ring, "@"+path); code != exitDone || found[0].Cookie != "app" {
		t.Errorf("exit %d, %+v", code, found)
	}
}

// TestFindSplit has a session in three cookies, in the forms that have more
// than one cookie, between parts of another write.
func TestFindSplit(t *testing.T) {
	codec, ring := newSealer(t)
	parts, others := seal(t, codec, "app", big()), seal(t, codec, "app", big())
	var jar, har []string
	for _, pair := range append(others[1:], parts...) {
		name, value, _ := strings.Cut(pair, "=")
		jar = append(jar, "localhost\tFALSE\t/\tTRUE\t1796923156\t"+name+"\t"+value)
		har = append(har, fmt.Sprintf(`{"name":%q,"value":%q}`, name, value))
	}
	header := "Cookie: a=b; " + strings.Join(append(others[1:], parts...), "; ")
	for name, text := range map[string]string{
		"Cookie":          header,
		"Set-Cookie":      "Set-Cookie: " + strings.Join(append(others[1:], parts...), "; Path=/; HttpOnly\nSet-Cookie: "),
		"jar":             strings.Join(jar, "\n"),
		"HAR":             `{"cookies":[` + strings.Join(har, ",") + "]}",
		"wrapped":         wrap(header, 80, ""),
		"wrapped by 200":  wrap(header, 200, ""),
		"percent-encoded": "c=" + url.QueryEscape(header),
	} {
		found, code := look(t, "-keys", ring, text)
		if code != exitDone || found[0].Cookies != 3 {
			t.Errorf("%s: exit %d, %+v", name, code, found)
		}
		if _, code := look(t, "-keys", ring, strings.ReplaceAll(text, "app_3", "app_4")); code != exitNo { // the control
			t.Errorf("%s: without its third part exit %d", name, code)
		}
	}
}

// TestChoice has several cookies, and says which is taken.
func TestChoice(t *testing.T) {
	codec, ring := newSealer(t)
	foreign, _ := newSealer(t)
	app, session, host := seal(t, codec, "app", 1)[0], seal(t, codec, "session", 2)[0], seal(t, codec, "__Host-session", 3)[0]
	theirs := seal(t, foreign, "session", 4)[0]
	split := seal(t, codec, "app", big())
	// later is issued a second after.
	later := func(pair string) string {
		name, value, _ := strings.Cut(pair, "=")
		raw, err := base64.RawURLEncoding.DecodeString(value)
		if err != nil {
			t.Fatal(err)
		}
		binary.BigEndian.PutUint32(raw[wire.TimeOffset:], binary.BigEndian.Uint32(raw[wire.TimeOffset:])+1)
		return name + "=" + base64.RawURLEncoding.EncodeToString(raw)
	}
	rows := []struct {
		name, text  string
		args        []string
		cookie      string
		number, all int
	}{
		{"one", app, nil, "app", 0, 0},
		{"one twice", app + "; " + app, nil, "app", 0, 0},
		{"another program's session", "session=b; " + app, nil, "app", 0, 0},
		{"a usual name", app + "; " + session, nil, "session", 2, 2},
		{"the most usual name", session + "; " + host + "; " + app, nil, "__Host-session", 2, 3},
		{"-name", session + "; " + host + "; " + app, []string{"-name", "app"}, "app", 0, 0},
		{"-nth", session + "; " + host + "; " + app, []string{"-nth", "1"}, "session", 1, 3},
		{"-nth of a name", session + "; " + app + "; " + later(app), []string{"-name", "app", "-nth", "2"}, "app", 2, 2},
		{"issued last", later(app) + "; " + app, nil, "app", 1, 2},
		{"the last of equals", app + "; " + seal(t, codec, "app", 5)[0], nil, "app", 2, 2},
		{"a key of the ring", theirs + "; " + app, []string{"-keys", ring}, "app", 2, 2},
		{"a name like a part's", app + "; " + seal(t, codec, "app_2", 5)[0], nil, "app_2", 2, 2},
		{"bare values, one a line", strings.ReplaceAll(session+"\n"+seal(t, codec, "session", 2)[0], "session=", ""), nil, "", 2, 2},
		{"parts are none", strings.Join(split, "; "), nil, "app", 0, 0},
		{"bare values are none", strings.TrimPrefix(session, "session=") + "; " + app, nil, "app", 0, 0},
	}
	for _, row := range rows {
		stdout, stderr, code := call(append(append([]string{"inspect", "-json"}, row.args...), row.text)...)
		var got finding
		if err := json.Unmarshal([]byte(stdout), &got); err != nil || code != exitDone {
			t.Errorf("%s: exit %d, error %v", row.name, code, err)
			continue
		}
		if got.Cookie != row.cookie || got.Nth != row.number || got.Of != row.all {
			t.Errorf("%s: %s, number %d of %d, want %s, %d of %d", row.name, got.Cookie, got.Nth, got.Of, row.cookie, row.number, row.all)
		}
		lists := row.all
		if slices.Contains(row.args, "-nth") { // they know
			lists = 0
		}
		if lines := strings.Count(stderr, "\n  "); lines != lists || (lists > 0) != strings.HasPrefix(stderr, fmt.Sprintf("note: this is number %d of %d ", row.number, row.all)) {
			t.Errorf("%s: standard error %q", row.name, stderr)
		}
	}
}

// TestFindsNothing has texts with much that resembles a cookie.
func TestFindsNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 4))
	random := func(n int) []byte {
		raw := make([]byte, n)
		for i := range raw {
			raw[i] = byte(r.Uint32())
		}
		return raw
	}
	token := random(60)
	token[0], token[wire.TimeOffset] = 1, 0x6a
	texts := []string{
		"", "\n", "no cookie", "lang=en; theme=dark", `{"name":"lang","value":"en"}`,
		"path=/static/" + base64.RawURLEncoding.EncodeToString(token) + "/app.js",
		"jwt=" + base64.RawURLEncoding.EncodeToString(token) + "." + base64.RawURLEncoding.EncodeToString(token),
		"etag=" + base64.StdEncoding.EncodeToString(append(token, 0xff, 0xff, 0xff)),
		"old=" + base64.RawURLEncoding.EncodeToString(append([]byte{1, 2, 3, 4, 0, 0, 0, 0}, token[8:]...)),
	}
	now := time.Unix(1796000000, 0)
	for _, text := range texts {
		if found := (finder{"", now}).find(text); found != nil {
			t.Errorf("%q: %v", text, found)
		}
	}
	broken := cookie{"session", "broken"}
	if found := (finder{"", now}).spoiled("session=broken; a=b; session=broken"); !slices.Equal(found, []cookie{broken}) {
		t.Errorf("a broken cookie twice: %v", found)
	}
	control := "app=" + base64.RawURLEncoding.EncodeToString(token)
	if diff := cmp.Diff([]cookie{{"app", control[4:]}}, finder{"", now}.find(control), cmp.AllowUnexported(cookie{})); diff != "" {
		t.Error(diff)
	}
	looked, found := 100_000, 0
	for range looked {
		if (finder{"", now}).isToken(base64.RawURLEncoding.EncodeToString(random(64))) {
			found++
		}
	}
	if found == 0 || found > looked/1000 {
		t.Errorf("%d of %d other texts look like a cookie", found, looked)
	}
	t.Logf("%d of %d other texts look like a cookie", found, looked)
}

// TestFindHeaders reads what net/http and fmt write.
func TestFindHeaders(t *testing.T) {
	codec, ring := newSealer(t)
	value, err := codec.Encode("app", 1)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest("GET", "http://localhost/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: "app", Value: value})
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	set := http.Cookie{Name: "app", Value: value, Path: "/", MaxAge: 5, HttpOnly: true, Quoted: true}
	for _, text := range []string{b.String(), set.String(), fmt.Sprintf("%+v", set), fmt.Sprint(r.Header), fmt.Sprintf("%q", r.Header)} {
		if found, code := look(t, "-keys", ring, text); code != exitDone || found[0].Cookie != "app" {
			t.Errorf("%s: exit %d, %+v", text, code, found)
		}
	}
}

// FuzzFind checks that a cookie opens whatever stands in the lines before it
// and after it.
func FuzzFind(f *testing.F) {
	k := cookiesession.NewKey()
	ring, err := cookiesession.NewKeyring(k)
	if err != nil {
		f.Fatal(err)
	}
	codec, err := cookiesession.NewCodec(ring, nil)
	if err != nil {
		f.Fatal(err)
	}
	value, err := codec.Encode("app", 1)
	if err != nil {
		f.Fatal(err)
	}
	f.Setenv("COOKIESESSION_KEYS", k.Secret())
	f.Add("", "")
	f.Add("Cookie: a=b; session="+value, "; Path=/\nX: y")
	f.Add("-b ^\"a=%3D", "^\" ^\n=3D&amp;\\u003d")
	f.Add(strings.Repeat("A", 80), strings.Repeat("A", 80)+"\nA\n> A;")
	f.Fuzz(func(t *testing.T, before, after string) {
		for _, separator := range []string{"=", "\t", `": "`} {
			text := before + "\napp" + separator + value + "\n" + after
			var stdout, stderr bytes.Buffer
			code := run([]string{"open", "-keys-env", "COOKIESESSION_KEYS", "-name", "app"}, strings.NewReader(text), &stdout, &stderr)
			if code != exitDone || stdout.String() != "1\n" {
				t.Errorf("exit %d, %q, %q, in %q", code, &stdout, &stderr, text)
			}
		}
	})
}
