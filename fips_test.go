package cookiesession_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"example.com/cookiesession"
)

// TestFIPSOnly makes keys in a process that allows approved algorithms alone.
func TestFIPSOnly(t *testing.T) {
	const secret = "f1e2d3c4b5a6978869504132fedcba9876543210f1e2d3c4b5a6978869504132"
	key := keyFromSecret(t, unhex(t, secret))
	if os.Getenv("COOKIESESSION_FIPS_ONLY") != "" {
		for name, load := range map[string]func() (*cookiesession.Keyring, error){
			"NewKeyring":   func() (*cookiesession.Keyring, error) { return cookiesession.NewKeyring(cookiesession.NewKey()) },
			"ParseKeyring": func() (*cookiesession.Keyring, error) { return cookiesession.ParseKeyring(key.Secret()) },
		} {
			ring, err := load()
			if ring != nil || err == nil || !strings.Contains(err.Error(), "FIPS 140-only mode") {
				t.Errorf("%s: %v, %v", name, ring, err)
			}
		}
		return
	}
	if _, err := cookiesession.NewKeyring(key); err != nil {
		t.Errorf("the control: %v", err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestFIPSOnly$", "-test.v", "-test.count=1")
	cmd.Env = append(os.Environ(), "GODEBUG=fips140=only", "COOKIESESSION_FIPS_ONLY=1")
	out, err := cmd.CombinedOutput()
	if strings.Contains(string(out), "fips140") && strings.Contains(string(out), "not supported") {
		t.Skipf("this platform has no such mode: %s", out)
	}
	if err != nil || !strings.Contains(string(out), "PASS: TestFIPSOnly") {
		t.Errorf("%v\n%s", err, out)
	}
	for i := 0; i+16 <= len(secret); i += 16 {
		if strings.Contains(strings.ToLower(string(out)), secret[i:i+16]) {
			t.Errorf("the output has a part of the secret:\n%s", out)
		}
	}
}
