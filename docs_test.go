package cookiesession_test

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// maxReadme is the most lines that README.md may have.
const maxReadme = 250

// documents returns the paths and texts of all Markdown files.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := make(map[string]string)
	mustDo(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{".git", "node_modules"}, d.Name()) {
			return fs.SkipDir
		}
		if filepath.Ext(path) == ".md" {
			text, err := os.ReadFile(path)
			texts[path] = string(text)
			return err
		}
		return nil
	}))
	return texts
}

var (
	fence     = regexp.MustCompile("(?ms)^```.*?^```$")
	mdLink    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	htmlLink  = regexp.MustCompile(`(?:src|srcset|href)="([^"]+)"`)
	pathText  = regexp.MustCompile("`((?:cmd|compare|contrib|docs|e2e|examples|internal|testdata)/[\\w./-]+)`")
	testNames = regexp.MustCompile(`\b(?:Test|Fuzz|Benchmark|Example)[A-Z]\w+`)
	heading   = regexp.MustCompile(`(?m)^#+ (.*)$`)
	notAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchors returns what a link to a heading of a document may say behind the #.
func anchors(document string) (all []string) {
	for _, m := range heading.FindAllStringSubmatch(fence.ReplaceAllString(document, ""), -1) {
		text := notAnchor.ReplaceAllString(strings.ToLower(m[1]), "")
		all = append(all, strings.ReplaceAll(text, " ", "-"))
	}
	return all
}

// badReferences returns what a document names and is not there: targets of
// links, headings, paths, and tests.
func badReferences(path, text string, tests []string) (bad []string) {
	exists := func(target string) bool {
		_, err := os.Stat(filepath.FromSlash(target))
		return err == nil
	}
	prose := fence.ReplaceAllString(text, "")
	for _, m := range slices.Concat(mdLink.FindAllStringSubmatch(prose, -1), htmlLink.FindAllStringSubmatch(prose, -1)) {
		target, anchor, hasAnchor := strings.Cut(m[1], "#")
		if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
			continue
		}
		file := path
		if target != "" {
			file = filepath.Join(filepath.Dir(path), filepath.FromSlash(target))
		}
		if !exists(file) {
			bad = append(bad, m[1])
			continue
		}
		if hasAnchor {
			linked, err := os.ReadFile(file)
			if err != nil || !slices.Contains(anchors(string(linked)), anchor) {
				bad = append(bad, m[1])
			}
		}
	}
	for _, m := range pathText.FindAllStringSubmatch(prose, -1) {
		if !exists(m[1]) && !exists(filepath.Join(filepath.Dir(path), m[1])) {
			bad = append(bad, m[1])
		}
	}
	for _, name := range testNames.FindAllString(text, -1) {
		if !slices.ContainsFunc(tests, func(s string) bool { return strings.HasPrefix(s, name) }) {
			bad = append(bad, name)
		}
	}
	return bad
}

// The links of all documents lead somewhere, and the paths and tests that they
// name exist.
func TestDocumentsNameWhatExists(t *testing.T) {
	var tests []string
	name := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark|Example)\w*)\(`)
	mustDo(t, filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range name.FindAllSubmatch(text, -1) {
			tests = append(tests, string(m[1]))
		}
		return err
	}))
	documents := documents(t)
	if len(documents) < 8 {
		t.Fatalf("%d documents", len(documents))
	}
	for path, text := range documents {
		for _, bad := range badReferences(path, text, tests) {
			t.Errorf("%s: there is no %s", path, bad)
		}
	}
	for _, tt := range []struct{ text, bad string }{
		{"[a](docs/FORMAT.md)", ""},
		{"[a](docs/FORMATS.md)", "docs/FORMATS.md"},
		{"[a](README.md#rotate-keys)", ""},
		{"[a](README.md#rotate-locks)", "README.md#rotate-locks"},
		{`<img src="docs/none.svg">`, "docs/none.svg"},
		{"`docs/FORMAT.md`", ""},
		{"`docs/none.md`", "docs/none.md"},
		{"TestDocumentsNameWhatExists", ""},
		{"Test" + "None", "Test" + "None"},
	} {
		if got := strings.Join(badReferences("README.md", tt.text, tests), " "); got != tt.bad {
			t.Errorf("%s: found %q, want %q", tt.text, got, tt.bad)
		}
	}
}

// blocks returns the fenced blocks of README.md in a language.
func blocks(t *testing.T, language string) (all []string) {
	t.Helper()
	for _, block := range fence.FindAllString(documents(t)["README.md"], -1) {
		first, rest, _ := strings.Cut(block, "\n")
		if first == "```"+language {
			all = append(all, strings.TrimSuffix(rest, "```"))
		}
	}
	return all
}

// README.md can be followed from top to bottom: its commands give a module the
// library, the program builds, and answers curl as the transcript says.
func TestReadme(t *testing.T) {
	readme := documents(t)["README.md"]
	if n := strings.Count(readme, "\n"); n > maxReadme {
		t.Errorf("README.md has %d lines, at most %d", n, maxReadme)
	}
	programs, commands, transcripts := blocks(t, "go"), blocks(t, "sh"), blocks(t, "console")
	if len(programs) != 1 || len(commands) != 2 || len(transcripts) != 1 {
		t.Fatalf("%d programs, %d commands, %d transcripts", len(programs), len(commands), len(transcripts))
	}
	if testing.Short() {
		t.Skip("it builds two programs")
	}
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	dir := t.TempDir()
	app := filepath.Join(dir, "app")
	mustDo(t, os.Mkdir(app, 0o755))
	root, err := filepath.Abs(".")
	mustDo(t, err)
	mustDo(t, os.Symlink(root, filepath.Join(dir, "cookiesession")))
	bin := filepath.Join(dir, "bin")
	env := append(os.Environ(), "GOBIN="+bin, "PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH"),
		"XDG_CONFIG_HOME="+filepath.Join(dir, "config"), "GOWORK=off", "GOFLAGS=")
	run := func(script string) string {
		t.Helper()
		cmd := exec.Command("bash", "-euc", script)
		cmd.Dir, cmd.Env = app, env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s\n%v\n%s", script, err, out)
		}
		return string(out)
	}

	const address = "localhost:8080"
	program := strings.Replace(programs[0], address, "localhost:0", 1)
	mustDo(t, os.WriteFile(filepath.Join(app, "main.go"), []byte(program), 0o644))
	if got := run("gofmt -l ."); got != "" {
		t.Error("the program is not formatted")
	}
	run("go mod init app")
	run(commands[0])
	run("go vet .")
	run("go build -o program .")
	run("umask 077; " + commands[1])

	ctx, cancel := context.WithCancel(t.Context())
	server := exec.CommandContext(ctx, filepath.Join(app, "program"))
	server.Env = env
	out, err := server.StdoutPipe()
	mustDo(t, err)
	mustDo(t, server.Start())
	defer func() { cancel(); server.Wait() }()
	line, err := bufio.NewReader(out).ReadString('\n')
	mustDo(t, err)
	_, listens, found := strings.Cut(strings.TrimSpace(line), "http://")
	if !found {
		t.Fatalf("the program says %q", line)
	}
	port := listens[strings.LastIndexByte(listens, ':'):]

	var got strings.Builder
	for line := range strings.Lines(transcripts[0]) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			fmt.Fprint(&got, line, run(strings.Replace(command, ":8080", port, 1)))
		}
	}
	if diff := cmp.Diff(transcripts[0], got.String()); diff != "" {
		t.Errorf("the transcript (-README +what happens):\n%s", diff)
	}
}
