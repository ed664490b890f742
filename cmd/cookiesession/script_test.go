package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/keytext"
)

var update = flag.Bool("update", false, "rewrite the transcripts in testdata/script with what the commands do now")

// TestScripts runs the transcripts in testdata/script. Each is a text like
//
//	# A comment.
//	$ cookiesession keys -file ring
//	| its standard output
//	! and to standard error
//	exit 1
//
//	-- ring --
//	{key 1} activates=2000-01-01T00:00:00Z
//
// where the files at the end are there when it begins. Beside the command there
// are cat, ls, mode and sleep, and < and > and NAME=VALUE as in a shell. {key
// 1} stands for a key that is made of the byte 1 and <id:1> for its id, {key
// new1} and <new1> for the first one that a command has made. It is
// 2000-01-01T00:00:00Z at first.
func TestScripts(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the system's own words and modes are those of Unix")
	}
	paths, err := filepath.Glob(filepath.Join("testdata", "script", "*.txt"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d scripts, error %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			abs, err := filepath.Abs(path)
			if err != nil {
				t.Fatal(err)
			}
			s := newScript(t, string(text))
			synctest.Test(t, s.run)
			if *update {
				if err := os.WriteFile(abs, []byte(s.got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(text), s.got.String()); diff != "" {
				t.Errorf("transcript (-want +got):\n%s", diff)
			}
		})
	}
}

// TestCommands checks that each command of the source is in the list, has a
// transcript that runs it, and one of its help.
func TestCommands(t *testing.T) {
	read := func(pattern string) (all string) {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %d files, error %v", pattern, len(paths), err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			all += string(text)
		}
		return all
	}
	declared := regexp.MustCompile(`(?m)^var \w+ = command\{$`).FindAllString(read("*.go"), -1)
	if len(declared) != len(commands()) {
		t.Errorf("the source has %d commands, the list has %d", len(declared), len(commands()))
	}
	scripts := read(filepath.Join("testdata", "script", "*.txt"))
	for _, cmd := range commands() {
		for _, line := range []string{`cookiesession ` + cmd.name + `( [^-h].*)?`, `cookiesession (help ` + cmd.name + `|` + cmd.name + ` -h(elp)?)`} {
			if !regexp.MustCompile(`(?m)^\$ ` + line + `$`).MatchString(scripts) {
				t.Errorf("no transcript has a line like %q", line)
			}
		}
	}
}

// A script is a transcript that is being played.
type script struct {
	*testing.T
	dir   string
	lines []string // without their results
	files string   // the sections at the end, as they are
	got   strings.Builder

	names map[string]string    // of keys, by id
	made  int                  // keys that commands have made
	stamp map[string]time.Time // of files, see stampFiles
}

func newScript(t *testing.T, text string) *script {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o700); err != nil { // whatever the umask
		t.Fatal(err)
	}
	t.Chdir(dir)
	s := &script{T: t, dir: dir, names: map[string]string{}, stamp: map[string]time.Time{}}
	for i := range 10 {
		s.names[scriptKey(t, i).ID()] = "id:" + strconv.Itoa(i)
	}
	if i := strings.Index(text, "\n-- "); i >= 0 {
		text, s.files = text[:i+1], text[i+1:]
	}
	for line := range strings.Lines(text) {
		if !regexp.MustCompile(`^([|!]( |$)|exit )`).MatchString(strings.TrimSuffix(line, "\n")) {
			s.lines = append(s.lines, strings.TrimSuffix(line, "\n"))
		}
	}
	return s
}

// scriptKey returns the key that is made of the byte i.
func scriptKey(t *testing.T, i int) cookiesession.Key {
	t.Helper()
	secret := [keytext.SecretSize]byte{}
	for j := range secret {
		secret[j] = byte(i)
	}
	k, err := cookiesession.ParseKey(keytext.EncodeKey(&secret))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

var sectionHead = regexp.MustCompile(`(?m)^-- (\S+) --\n`)

func (s *script) run(t *testing.T) {
	s.T = t
	heads := sectionHead.FindAllStringSubmatchIndex(s.files, -1)
	for i, h := range heads {
		end := len(s.files)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		s.write(s.files[h[2]:h[3]], s.expand(s.files[h[1]:end]))
	}
	s.stampFiles()
	for _, line := range s.lines {
		s.got.WriteString(line + "\n")
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			s.play(s.expand(command))
		}
	}
	s.got.WriteString(s.files)
}

// play runs one command and notes its result.
func (s *script) play(line string) {
	if m := variable.FindStringSubmatch(line); m != nil {
		s.Setenv(m[1], strings.Trim(m[2], "'"))
		line = line[len(m[0]):]
	}
	args, in, out := s.split(line)
	var stdout, stderr bytes.Buffer
	code := 0
	if args[0] == "cookiesession" {
		code = run(args[1:], strings.NewReader(in), &stdout, &stderr)
		if secret := regexp.MustCompile(`csk1_[A-Za-z0-9_-]+`); strings.Join(args[1:], " ") != "keygen" && secret.Match(append(stdout.Bytes(), stderr.Bytes()...)) {
			s.Errorf("%s: there is a key in the output", line)
		}
	} else {
		s.builtin(&stdout, args)
	}
	if out != "" {
		s.write(out, stdout.String())
		stdout.Reset()
	}
	s.learnKeys(stdout.String())
	s.stampFiles()
	s.note("| ", stdout.String())
	s.note("! ", stderr.String())
	if code != 0 {
		fmt.Fprintf(&s.got, "exit %d\n", code)
	}
}

func (s *script) note(prefix, text string) {
	for line := range strings.Lines(s.contract(text)) {
		s.got.WriteString(strings.TrimRight(prefix+strings.TrimSuffix(line, "\n"), " ") + "\n")
	}
}

var variable = regexp.MustCompile(`^(\w+)=('[^']*'|\S*) `)

// split splits a line into words, with quotes as in a shell, and reads what is
// redirected from.
func (s *script) split(line string) (args []string, in, out string) {
	words := regexp.MustCompile(`'[^']*'|\S+`).FindAllString(line, -1)
	for i := 0; i < len(words); i++ {
		switch w := words[i]; {
		case w == "<" || w == ">":
			i++
			if w == ">" {
				out = words[i]
			} else {
				in = s.read(words[i])
			}
		default:
			args = append(args, strings.Trim(w, "'"))
		}
	}
	return args, in, out
}

// builtin is what a script needs beside the command.
func (s *script) builtin(stdout *bytes.Buffer, args []string) {
	switch args[0] {
	case "cat":
		for _, name := range args[1:] {
			stdout.WriteString(s.read(name))
		}
	case "ls":
		entries, err := os.ReadDir(".")
		if err != nil {
			s.Fatal(err)
		}
		for _, e := range entries {
			fmt.Fprintln(stdout, e.Name())
		}
	case "mode":
		info, err := os.Lstat(args[1])
		if err != nil {
			s.Fatal(err)
		}
		fmt.Fprintln(stdout, info.Mode())
	case "chmod":
		mode, err := strconv.ParseUint(args[1], 8, 32)
		if err == nil {
			err = os.Chmod(args[2], os.FileMode(mode))
		}
		if err != nil {
			s.Fatal(err)
		}
	case "symlink":
		if err := os.Symlink(args[1], args[2]); err != nil {
			s.Fatal(err)
		}
	case "sleep":
		d, err := parseDuration(args[1])
		if err != nil {
			s.Fatal(err)
		}
		time.Sleep(d)
	default:
		s.Fatalf("there is no %s", args[0])
	}
}

func (s *script) read(name string) string {
	text, err := os.ReadFile(name)
	if err != nil {
		s.Fatal(err)
	}
	return string(text)
}

func (s *script) write(name, text string) {
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
	if err := os.Chmod(name, 0o600); err != nil {
		s.Fatal(err)
	}
}

// stampFiles gives the files that were written since the last call the time of
// the script, which they do not have from the system.
func (s *script) stampFiles() {
	entries, err := os.ReadDir(".")
	if err != nil {
		s.Fatal(err)
	}
	for _, e := range entries {
		info, err := os.Stat(e.Name())
		if err != nil || info.IsDir() || info.ModTime().Equal(s.stamp[e.Name()]) {
			continue
		}
		s.stamp[e.Name()] = time.Now().Truncate(time.Second)
		if err := os.Chtimes(e.Name(), time.Time{}, s.stamp[e.Name()]); err != nil {
			s.Fatal(err)
		}
		s.learnKeys(s.read(e.Name()))
	}
}

var (
	namedKey = regexp.MustCompile(`\{key (\d)\}`)
	wholeKey = regexp.MustCompile(`csk1_[A-Za-z0-9_-]{48}`)
	wholeID  = regexp.MustCompile(`\b[0-9a-f]{6}\b`)
)

// expand puts in keys and ids for their names.
func (s *script) expand(text string) string {
	text = namedKey.ReplaceAllStringFunc(text, func(name string) string {
		i, _ := strconv.Atoi(namedKey.FindStringSubmatch(name)[1])
		return scriptKey(s.T, i).Secret()
	})
	for id, name := range s.names {
		text = strings.ReplaceAll(text, "<"+name+">", id)
	}
	return text
}

// contract is the reverse of expand. The names of ids are as long as ids, so
// that tables stay in line.
func (s *script) contract(text string) string {
	text = strings.ReplaceAll(text, s.dir, "{dir}")
	text = wholeKey.ReplaceAllStringFunc(text, func(secret string) string {
		if k, err := cookiesession.ParseKey(secret); err == nil {
			return "{key " + strings.TrimPrefix(s.names[k.ID()], "id:") + "}"
		}
		return secret
	})
	return wholeID.ReplaceAllStringFunc(text, func(id string) string {
		if name, ok := s.names[id]; ok {
			return "<" + name + ">"
		}
		return id
	})
}

// learnKeys names the keys in a text that have no name yet.
func (s *script) learnKeys(text string) {
	for _, secret := range wholeKey.FindAllString(text, -1) {
		k, err := cookiesession.ParseKey(secret)
		if err != nil {
			continue
		}
		if _, ok := s.names[k.ID()]; !ok {
			s.made++
			s.names[k.ID()] = "new" + strconv.Itoa(s.made)
		}
	}
}
