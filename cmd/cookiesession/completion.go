package main

import (
	"flag"
	"fmt"
	"strings"
)

var completionCommand = command{
	name:    "completion",
	args:    "bash",
	summary: "print a script that lets bash complete commands and flags",
	about: `
Completion prints a script for bash 3.2 or newer. Sourced, it completes commands,
flags and the names of files.
`,
	example: `
source <(cookiesession completion bash)                             # in ~/.bashrc
cookiesession completion bash > /etc/bash_completion.d/cookiesession # for everybody
`,
	setup: func(*flag.FlagSet) func(*console, []string) error {
		return func(c *console, args []string) error {
			if len(args) != 1 || args[0] != "bash" {
				return misuse("which shell? there is a script for bash")
			}
			c.stdout.WriteString(completion(c.commands))
			return nil
		}
	},
}

// completion returns the script. An empty reply leaves it to bash to complete
// the name of a file.
func completion(commands []command) string {
	var names []string
	var cases strings.Builder
	for _, cmd := range commands {
		names = append(names, cmd.name)
		fs := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
		cmd.setup(fs)
		words := []string{"-h"}
		fs.VisitAll(func(f *flag.Flag) { words = append(words, "-"+f.Name) })
		fmt.Fprintf(&cases, "\t%s) words='%s' ;;\n", cmd.name, strings.Join(words, " "))
	}
	all := strings.Join(names, " ")
	return `# bash completion for cookiesession, made by "cookiesession completion bash"
_cookiesession() {
	local cur=$2 words= IFS=$' \n' # to bash @FILE is two words, and $2 is both
	COMPREPLY=()
	case $COMP_CWORD:${COMP_WORDS[1]} in
	1:*) words='` + all + ` help' ;;
	2:help) words='` + all + `' ;;
	2:completion) words=bash ;;
	esac
	case $cur in
	-*) case ${COMP_WORDS[1]} in
` + cases.String() + `	esac ;;
	@*)
		IFS=$'\n'
		COMPREPLY=($(compgen -f -P @ -- "${cur#@}"))
		compopt -o filenames 2>/dev/null # quotes spaces, if it is there
		;;
	esac
	[ -z "$words" ] || COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _cookiesession cookiesession
`
}
