package cookiesession_test

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
)

// keyringLeaks returns the forms in which text shows any of the secrets: 8
// bytes of one in a row are enough.
func keyringLeaks(text string, secrets ...[]byte) []string {
	const n = 8
	text = strings.ToLower(text)
	squeezed := strings.NewReplacer(" ", "", "\n", "", "\t", "", "-", "", "+", "").Replace(text)
	var found []string
	for _, secret := range secrets {
		for i := 0; i+n <= len(secret); i++ {
			for form, needle := range keyringForms(secret[i : i+n]) {
				needle = strings.ToLower(needle)
				if strings.Contains(text, needle) || strings.Contains(squeezed, needle) {
					found = append(found, form)
				}
			}
		}
	}
	return found
}

// keyringForms writes bytes in the ways of printers and encoders.
func keyringForms(b []byte) map[string]string {
	forms := map[string]string{
		"raw":    string(b),
		"quoted": strings.Trim(fmt.Sprintf("%q", b), `"`),
		"hex":    hex.EncodeToString(b),
	}
	for name, format := range map[string]string{"decimal": "%d", "hex list": "%#x", "hex list padded": "0x%02x", "octal": "%o"} {
		var items []string
		for _, c := range b {
			items = append(items, fmt.Sprintf(format, c))
		}
		forms[name+" with commas"] = strings.Join(items, ",")
		forms[name+" with spaces"] = strings.Join(items, " ")
		forms[name+" with commas and spaces"] = strings.Join(items, ", ")
	}
	for shift := range 3 { // base64 depends on where in a group of three the bytes stand
		enc := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), b...))
		inner := enc[(shift*8+5)/6 : len(enc)-1]
		forms[fmt.Sprintf("base64 %d", shift)] = inner
		forms[fmt.Sprintf("base64url %d", shift)] = strings.NewReplacer("+", "-", "/", "_").Replace(inner)
	}
	return forms
}

// keyringPrinters are the ways in which a value gets into a log, a page or a
// test's output.
func keyringPrinters() map[string]func(any) string {
	printers := map[string]func(any) string{
		"print": func(v any) string { return fmt.Sprint(v) },
		"slog text": func(v any) string {
			var b bytes.Buffer
			slog.New(slog.NewTextHandler(&b, nil)).Info("", "v", v, slog.Group("g", "v", v))
			return b.String()
		},
		"slog JSON": func(v any) string {
			var b bytes.Buffer
			slog.New(slog.NewJSONHandler(&b, nil)).Info("", "v", v, slog.Group("g", "v", v))
			return b.String()
		},
		"JSON": func(v any) string { b, err := json.MarshalIndent(v, "", " "); return fmt.Sprint(string(b), err) },
		"XML":  func(v any) string { b, err := xml.Marshal(v); return fmt.Sprint(string(b), err) },
		"gob": func(v any) string {
			var b bytes.Buffer
			err := gob.NewEncoder(&b).Encode(v)
			return fmt.Sprint(b.String(), err)
		},
		"go-cmp": func(v any) string {
			all := cmp.Exporter(func(reflect.Type) bool { return true })
			return cmp.Diff(v, nil, all) + cmp.Diff(nil, v, all) + cmp.Diff(v, reflect.Zero(reflect.TypeOf(v)).Interface(), all)
		},
		"walk": func(v any) string { return keyringWalk(reflect.ValueOf(v), map[uintptr]bool{}) },
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%#x", "%d", "%o", "%b", "%c", "%U", "%t", "%e", "%10.2v", "%-8s", "%z"} {
		printers[verb] = func(v any) string { return fmt.Sprintf(verb, v) }
	}
	return printers
}

// keyringWalk prints all that can be reached from v by fields, elements and
// pointers, as debuggers' printers do, which know no methods and respect no
// unexported field.
func keyringWalk(v reflect.Value, seen map[uintptr]bool) string {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() || seen[v.Pointer()] {
			return ""
		}
		seen[v.Pointer()] = true
		return "&" + keyringWalk(v.Elem(), seen)
	case reflect.Interface:
		if v.IsNil() {
			return ""
		}
		return keyringWalk(v.Elem(), seen)
	case reflect.Struct:
		var b strings.Builder
		for i := range v.NumField() {
			b.WriteString(keyringWalk(v.Field(i), seen) + ",")
		}
		return b.String()
	case reflect.Slice, reflect.Array:
		var b strings.Builder
		for i := range v.Len() {
			b.WriteString(keyringWalk(v.Index(i), seen) + ",")
		}
		return b.String()
	case reflect.Map:
		var b strings.Builder
		for _, key := range v.MapKeys() {
			b.WriteString(keyringWalk(key, seen) + ":" + keyringWalk(v.MapIndex(key), seen) + ",")
		}
		return b.String()
	}
	return fmt.Sprint(v) // takes a reflect.Value for the value in it
}

// bareKey and bareKeyring have the fields of the originals and none of the
// methods.
type (
	bareKey     cookiesession.Key
	bareKeyring cookiesession.Keyring
)

// Types that embed get the methods of what they embed.
type (
	embedsKey     struct{ cookiesession.Key }
	embedsKeyring struct{ *cookiesession.Keyring }
)

func TestKeyPrinting(t *testing.T) {
	k := cookiesession.NewKey().ActivatesAt(keyringDay(1))
	ring, err := cookiesession.NewKeyring(k)
	if err != nil {
		t.Fatal(err)
	}
	secret, cipherKey := cookiesession.KeyringSecrets(k)
	values := map[string]any{
		"Key":          k,
		"*Key":         &k,
		"**Key":        func() **cookiesession.Key { p := &k; return &p }(),
		"Keyring":      ring,
		"**Keyring":    &ring,
		"[]Key":        []cookiesession.Key{k},
		"map":          map[string]cookiesession.Key{"k": k},
		"any":          []any{k, &k, ring},
		"ring":         cookiesession.KeyringSnapshot(ring),
		"*bareKey":     (*bareKey)(&k),
		"*bareKeyring": (*bareKeyring)(ring),
		"infos":        ring.Keys(),
		"exported": struct {
			K    cookiesession.Key
			P    *cookiesession.Key
			Ring *cookiesession.Keyring
		}{k, &k, ring},
		"unexported": struct {
			k    cookiesession.Key
			p    *cookiesession.Key
			b    bareKey
			ring *cookiesession.Keyring
			s    []cookiesession.Key
			m    map[int]cookiesession.Key
		}{k, &k, bareKey(k), ring, []cookiesession.Key{k}, map[int]cookiesession.Key{1: k}},
		"embedded":  embedsKey{k},
		"embedded*": embedsKeyring{ring},
		"error":     fmt.Errorf("%w: %v %v", fmt.Errorf("outer"), k, ring),
	}
	for printer, print := range keyringPrinters() {
		for name, v := range values {
			out := print(v)
			if leaks := keyringLeaks(out, secret, cipherKey); len(leaks) > 0 {
				t.Errorf("%s of %s shows the secret as %s:\n%s", printer, name, leaks[0], out)
			}
		}
	}
}

// TestKeyPrintingControl holds the test above to its purpose: it must find a
// secret that lies open.
func TestKeyPrintingControl(t *testing.T) {
	// Of random bytes XML would replace some, and so hide the rest.
	secret := []byte("ThirtyTwoBytesWithoutWhiteSpace.")
	type Open struct {
		A [32]byte
		B []byte
		C *[32]byte
	}
	v := &Open{[32]byte(secret), secret, (*[32]byte)(secret)}
	for printer, print := range keyringPrinters() {
		switch printer {
		case "%t", "%e", "%z", "%c", "%U", "%b", "%10.2v", "%X", "% x":
			continue // these would show it in forms that nobody reads
		}
		if len(keyringLeaks(print(v), secret)) == 0 {
			t.Errorf("%s: the secret is not found in\n%s", printer, print(v))
		}
	}
	k := cookiesession.NewKey()
	if secret, _ := cookiesession.KeyringSecrets(k); len(keyringLeaks("key="+k.Secret(), secret)) == 0 {
		t.Error("the secret is not found in its own text")
	}
}

// TestKeyPrintsID: printing is not just harmless, it says which key it is.
func TestKeyPrintsID(t *testing.T) {
	k := cookiesession.NewKey()
	other := cookiesession.NewKey()
	ring, err := cookiesession.NewKeyring(k, other)
	if err != nil {
		t.Fatal(err)
	}
	id, ids := k.ID(), "["+k.ID()+" "+other.ID()+"]"
	got := map[string]string{
		"%v":  fmt.Sprintf("%v|%v|%v", k, &k, ring),
		"%+v": fmt.Sprintf("%+v|%+v|%+v", k, &k, ring),
		"%#v": fmt.Sprintf("%#v|%#v|%#v", k, &k, ring),
		"%d":  fmt.Sprintf("%d|%d|%d", k, &k, ring),
	}
	for name, got := range got {
		if want := id + "|" + id + "|" + ids; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if got, want := fmt.Sprintf("%q %9s|%-9v|", k, k, k), fmt.Sprintf("%q %9s|%-9s|", id, id, id); got != want {
		t.Errorf("with width: %s, want %s", got, want)
	}
	b, err := json.Marshal([]any{k, &k, ring})
	if want := `["` + id + `","` + id + `",["` + id + `","` + other.ID() + `"]]`; err != nil || string(b) != want {
		t.Errorf("JSON %s, error %v, want %s", b, err, want)
	}
	var text, jsonText bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&text, nil), slog.NewJSONHandler(&jsonText, nil)} {
		slog.New(handler).Info("m", "key", k, "pointer", &k, "ring", ring)
	}
	if want := "key=" + id + " pointer=" + id + ` ring="` + ids + `"`; !strings.Contains(text.String(), want) {
		t.Errorf("slog: %s, want %s", &text, want)
	}
	if want := `"key":"` + id + `","pointer":"` + id + `","ring":["` + id + `","` + other.ID() + `"]`; !strings.Contains(jsonText.String(), want) {
		t.Errorf("slog's JSON: %s, want %s", &jsonText, want)
	}
	var none *cookiesession.Keyring
	if got := fmt.Sprintf("%v %+v", none, cookiesession.Key{}); got != "[] " {
		t.Errorf("nil and zero print as %q", got)
	}
}
