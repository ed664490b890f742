package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestCompletion has bash complete lines with the script.
func TestCompletion(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash here")
	}
	t.Chdir(t.TempDir())
	for _, name := range []string{"jar", "a b.har"} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	script := filepath.Join(t.TempDir(), "completion")
	if err := os.WriteFile(script, []byte(mustCall(t, "completion", "bash")), 0o600); err != nil {
		t.Fatal(err)
	}
	// complete returns what bash offers for the last of the words. It goes by
	// the function and the options that the script has registered.
	complete := func(words ...string) (options string, replies []string) {
		const program = `source "$1" || exit
shift
complete -p cookiesession
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
$(complete -p cookiesession | sed 's/.*-F \([^ ]*\) .*/\1/') cookiesession "${!#}"
printf '%s\n' "${COMPREPLY[@]}"`
		command := exec.Command(bash, append([]string{"--norc", "-c", program, "bash", script, "cookiesession"}, words...)...)
		command.Stderr = os.Stderr
		output, err := command.Output()
		if err != nil {
			t.Fatalf("%q: %v", words, err)
		}
		options, rest, _ := strings.Cut(string(output), "\n")
		return options, strings.FieldsFunc(rest, func(r rune) bool { return r == '\n' })
	}
	var names []string
	for _, cmd := range commands() {
		names = append(names, cmd.name)
	}
	rows := []struct {
		words []string
		want  []string // none: bash completes a file's name
	}{
		{[]string{""}, append(slices.Clone(names), "help")},
		{[]string{"in"}, []string{"inspect"}},
		{[]string{"nothing"}, nil},
		{[]string{"help", ""}, names},
		{[]string{"help", "k"}, []string{"keygen", "keys"}},
		{[]string{"completion", ""}, []string{"bash"}},
		{[]string{"inspect", "-key"}, []string{"-keys", "-keys-env"}},
		{[]string{"inspect", "-keys", "ring", "-l"}, []string{"-label", "-lifetime"}},
		{[]string{"seal", "-c"}, []string{"-cookie", "-created"}},
		{[]string{"version", "-"}, []string{"-h"}},
		{[]string{"inspect", "-keys", ""}, nil},
		{[]string{"inspect", "@"}, []string{"@a b.har", "@jar"}},
		{[]string{"inspect", "-keys", "ring", "@j"}, []string{"@jar"}},
		{[]string{"inspect", "@x"}, nil},
		{[]string{"size", "testdata/"}, nil},
		{[]string{"frobnicate", "-"}, nil},
	}
	for _, row := range rows {
		options, got := complete(row.words...)
		slices.Sort(got)
		slices.Sort(row.want)
		if !slices.Equal(got, row.want) || !strings.Contains(options, "-o default ") {
			t.Errorf("%q: %q, want %q; options %q", row.words, got, row.want, options)
		}
	}
	// Each flag that a command has is offered.
	for _, cmd := range commands() {
		_, got := complete(cmd.name, "-")
		_, flags, _ := strings.Cut(cmd.help(), "\nFlags:\n")
		flags, _, _ = strings.Cut(flags, "\nExamples:\n")
		for line := range strings.Lines(flags) {
			if name, ok := strings.CutPrefix(line, "  -"); ok && !slices.Contains(got, "-"+strings.Fields(name)[0]) {
				t.Errorf("%s: -%s is not offered", cmd.name, strings.Fields(name)[0])
			}
		}
	}
}
