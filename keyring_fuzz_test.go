package cookiesession_test

import (
	"fmt"
	"strings"
	"testing"

	"example.com/cookiesession"
)

// FuzzParseKeyring checks that ParseKeyring reads any text without a panic,
// that an accepted one, written down in canonical form, makes the same ring
// again and has the same canonical form, and that neither an error nor a ring
// shows 16 characters in a row of any word of the text. KEY1 and KEY2 in the
// text stand for two keys, because the fuzzer cannot find a checksum.
func FuzzParseKeyring(f *testing.F) {
	w := newKeyringWords()
	for _, seed := range []string{
		"", "KEY1", "KEY1 KEY2", "KEY1,KEY2\r\n", "\ufeffKEY1\n# comment KEY2\n",
		"KEY1 activates=2026-12-01T00:00:00Z retires=2400-02-01T00:00:00+01:00\nKEY2",
		"KEY1 activates=2026-12-01T00:00:00.123456789Z,KEY2 activates=2026-12-02T00:00:00Z",
		"KEY1\nrevoked a1b2c3 d4e5f6", "KEY1 x-a=1 version=2\nKEY2 REVOKED", "Revoked: A1B2C3\nKEY1 revoked=KEY2",
		"KEY1\nrevoked a1b2c3", "revoked a1b2c3 revoked", "KEY1 KEY1", "KEY1 retires=2001-01-01T00:00:00Z",
		"KEY1 activates=", "KEY1 activates=9999-12-31T23:59:59-23:59", "KEY1=KEY2", "xKEY1", "KEY1x", "KEY1\rKEY2",
		"activates=2026-12-01T00:00:00Z", "KEY1 revoked a1b2c3 retires=2400-01-01T00:00:00Z",
		"KEY1 secretsecretsecretsecret=secretsecretsecret", "revoked secretsecretsecretsecret",
		strings.Repeat("KEY1 ", 1001),
	} {
		f.Add(seed)
	}
	keys := strings.NewReplacer("KEY1", w["a"].Secret(), "KEY2", w["b"].Secret())
	f.Fuzz(func(t *testing.T, text string) {
		text = keys.Replace(text)
		k, err := cookiesession.ParseKeyring(text)
		if err != nil {
			if k != nil {
				t.Error("a ring beside an error")
			}
			if keyringQuotes(err.Error(), strings.FieldsFunc(text, isKeyringSeparator)...) {
				t.Errorf("the error quotes the text: %v", err)
			}
			return
		}
		canonical, err := cookiesession.KeyringCanonical(text)
		if err != nil {
			t.Fatal(err)
		}
		again, err := cookiesession.ParseKeyring(canonical)
		if err != nil {
			t.Fatalf("the canonical form: %v", err)
		}
		if !cookiesession.KeyringEqual(k, again) {
			t.Errorf("ring %v, of the canonical form %v", k.Keys(), again.Keys())
		}
		if fixpoint, err := cookiesession.KeyringCanonical(canonical); err != nil || fixpoint != canonical {
			t.Errorf("the canonical form has another one, error %v", err)
		}
		if keyringQuotes(fmt.Sprint(k), w["a"].Secret(), w["b"].Secret()) {
			t.Error("the ring shows a key")
		}
	})
}

func isKeyringSeparator(r rune) bool { return strings.ContainsRune(" \t\r\n,", r) }
