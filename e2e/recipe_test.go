package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"example.com/cookiesession"
)

// kubectl stands in for the real one: it gives out the Secret that is in the
// file secret, and takes another one in its place.
const kubectl = `#!/bin/sh
case "$1" in
get) cat "$SECRETS/secret" ;;
replace) cat >"$SECRETS/replaced" && cat "$SECRETS/replaced" >"$SECRETS/secret" ;;
*) exit 9 ;;
esac
`

// TestKubernetesRecipe runs the script of docs/deploy/kubernetes.yaml on
// Secrets as they are and as they should not be. Whatever goes wrong, no other
// Secret may be put in place: an empty file must not become a new ring.
func TestKubernetesRecipe(t *testing.T) {
	for _, tool := range []string{"bash", "jq", "base64"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("it takes too long"))
	defer cancel()
	script := recipe(t)
	tool := buildKeytool(t)
	bin := t.TempDir()
	must(t, os.Symlink(tool.path, filepath.Join(bin, "cookiesession")))
	must(t, os.WriteFile(filepath.Join(bin, "kubectl"), []byte(kubectl), 0o755))

	old := cookiesession.NewKey().ActivatesAt(time.Now().Add(-40 * 24 * time.Hour))
	ring := old.Secret() + " activates=" + time.Now().Add(-40*24*time.Hour).UTC().Format(time.RFC3339) + "\n"
	secret := func(data map[string][]byte) string {
		text, err := json.Marshal(map[string]any{"kind": "Secret", "metadata": map[string]string{"resourceVersion": "7"}, "data": data})
		must(t, err)
		return string(text)
	}
	tests := []struct {
		name, secret string
		ok           bool
	}{
		{"good", secret(map[string][]byte{"keyring": []byte(ring), "other": []byte("stays")}), true},
		{"empty", secret(map[string][]byte{"keyring": {}}), false},
		{"without a keyring", secret(map[string][]byte{}), false},
		{"null", secret(map[string][]byte{"keyring": nil}), false},
		{"of comments", secret(map[string][]byte{"keyring": []byte("# nothing\n")}), false},
		{"broken", secret(map[string][]byte{"keyring": []byte(ring + "oops\n")}), false},
		{"not base64", `{"kind":"Secret","data":{"keyring":"***"}}`, false},
		{"no JSON", "Error from server\n", false},
		{"nothing", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, secrets := t.TempDir(), t.TempDir()
			must(t, os.WriteFile(filepath.Join(secrets, "secret"), []byte(tt.secret), 0o600))
			cmd := exec.CommandContext(ctx, "bash", "-c", script)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "SECRETS="+secrets)
			out, err := cmd.CombinedOutput()
			if (err == nil) != tt.ok {
				t.Errorf("the script: %v\n%s", err, out)
			}
			replaced, err := os.ReadFile(filepath.Join(secrets, "replaced"))
			if tt.ok != (err == nil) {
				if len(replaced) > 0 {
					t.Errorf("another Secret was put in place")
				}
				return
			}
			if !tt.ok {
				return
			}
			var got struct {
				Metadata struct{ ResourceVersion string }
				Data     map[string][]byte
			}
			must(t, json.Unmarshal(replaced, &got))
			rotated, err := cookiesession.ParseKeyring(string(got.Data["keyring"]))
			must(t, err)
			if keys := rotated.Keys(); len(keys) != 2 || keys[1].ID != old.ID() || keys[0].State != cookiesession.KeyPending {
				t.Errorf("keys %+v", keys)
			}
			if got.Metadata.ResourceVersion != "7" || string(got.Data["other"]) != "stays" {
				t.Errorf("the rest of the Secret is %+v, %d entries", got.Metadata, len(got.Data))
			}
		})
	}
}

// recipe returns the script of the documentation.
func recipe(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "docs", "deploy", "kubernetes.yaml"))
	must(t, err)
	block := regexp.MustCompile(`(?m)^( +)set -eu -o pipefail\n(?:(?: {18}).*\n){4}`).FindString(string(text))
	if strings.Count(block, "\n") != 5 || !strings.Contains(block, "kubectl replace") {
		t.Fatalf("the recipe is %q", block)
	}
	indent := block[:strings.Index(block, "set")]
	return strings.ReplaceAll("\n"+block, "\n"+indent, "\n")
}
