package main

import (
	"flag"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"example.com/cookiesession/internal/wire"
)

var versionCommand = command{
	name:    "version",
	summary: "print the version of this program and of the cookies that it reads",
	about: `
Version prints the version of this program, the commit that it was built from and
that commit's time, the version of Go, and that of the cookies that it reads. go
install, and go build in a clone, put them into the program.
`,
	setup: func(*flag.FlagSet) func(*console, []string) error {
		return func(c *console, args []string) error {
			if len(args) > 0 {
				return misuse("version takes no arguments")
			}
			info, _ := debug.ReadBuildInfo()
			printVersion(c.stdout, info)
			return nil
		}
	},
}

// printVersion prints what is known of a build. info is nil if that is nothing.
func printVersion(w io.Writer, info *debug.BuildInfo) {
	version, goVersion := "unknown: it was built without module information", runtime.Version()
	settings := make(map[string]string)
	if info != nil {
		goVersion = info.GoVersion
		if info.Main.Version != "" {
			version = info.Main.Version
		}
		for _, s := range info.Settings {
			settings[s.Key] = s.Value
		}
	}
	commit := "unknown: it was not built in a clone, or with -buildvcs=false"
	if revision := settings["vcs.revision"]; revision != "" {
		commit = revision + " of " + settings["vcs.time"]
		if settings["vcs.modified"] == "true" {
			commit += ", changed since"
		}
	}
	fmt.Fprintf(w, "version  %s\ncommit   %s\ngo       %s %s/%s\ncookies  format %d\n", version, commit, goVersion, runtime.GOOS, runtime.GOARCH, wire.Version)
}
