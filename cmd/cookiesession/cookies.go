package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"example.com/cookiesession/internal/wire"
)

// A cookie is a name and a value as they were found. The name is "" if a bare
// value was given.
type cookie struct{ name, value string }

// parseCookies reads the cookies of a text: a bare value, the content of a
// Cookie header, Set-Cookie headers, or a whole head of a request or response
// as curl -v prints it.
func parseCookies(text string) []cookie {
	text = strings.TrimPrefix(text, "\ufeff")
	var cookies []cookie
	headers := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "< "); ok {
			line = rest
		} else if rest, ok := strings.CutPrefix(line, "> "); ok {
			line = rest
		}
		name, rest, ok := strings.Cut(line, ":")
		switch {
		case ok && strings.EqualFold(name, "Cookie"):
			headers = true
			cookies = append(cookies, parsePairs(rest)...)
		case ok && strings.EqualFold(name, "Set-Cookie"):
			headers = true
			first, _, _ := strings.Cut(rest, ";")
			cookies = append(cookies, parsePairs(first)...)
		}
	}
	text = strings.TrimSpace(text)
	value := strings.TrimRight(text, "=")
	isPadded := len(value) >= headerChars && !strings.Contains(value, "=")
	switch {
	case headers:
		return cookies
	case strings.Contains(text, "=") && !isPadded:
		return parsePairs(text)
	}
	return []cookie{{"", strings.TrimRight(text, ";")}}
}

func parsePairs(text string) (cookies []cookie) {
	for pair := range strings.SplitSeq(text, ";") {
		if name, value, ok := strings.Cut(strings.TrimSpace(pair), "="); ok {
			cookies = append(cookies, cookie{strings.TrimSpace(name), strings.TrimSpace(value)})
		}
	}
	return cookies
}

// usualNames are the library's default names of cookies.
var usualNames = []string{"__Host-session", "__Secure-session", "dev-session", "session"}

// chooseName returns the name of the cookie to inspect: the only one whose
// value begins as a token does, or else one of the usual names.
func chooseName(cookies []cookie) (string, error) {
	var names []string
	for _, c := range cookies {
		if _, r := parseHeader(c.value); r == nil && !slices.Contains(names, c.name) && !isPart(c.name, cookies) {
			names = append(names, c.name)
		}
	}
	if len(names) == 1 {
		return names[0], nil
	}
	for _, name := range usualNames {
		if slices.Contains(names, name) || names == nil && slices.ContainsFunc(cookies, func(c cookie) bool { return c.name == name }) {
			return name, nil
		}
	}
	if names == nil {
		return "", errors.New("none of the cookies looks like one of this library: say which with -name")
	}
	return "", fmt.Errorf("which cookie? say -name %s", strings.Join(names, ", or -name "))
}

// isPart reports whether name belongs to a further part of another cookie.
func isPart(name string, cookies []cookie) bool {
	i := strings.LastIndexByte(name, '_')
	if i < 0 {
		return false
	}
	n, err := strconv.Atoi(name[i+1:])
	return err == nil && 2 <= n && n <= wire.MaxParts &&
		slices.ContainsFunc(cookies, func(c cookie) bool { return c.name == name[:i] })
}

// A candidate is a token's text, joined from its parts, or the reason why it
// cannot be.
type candidate struct {
	name    string // "" if it is not known
	text    string
	longest int // bytes of name and value of its largest cookie
	refusal *refusal
}

// candidates returns the cookies called name. There are several if cookies of
// different paths or domains have that name.
func candidates(cookies []cookie, name string) (found []candidate) {
	for _, c := range cookies {
		if c.name == name || c.name == "" {
			found = append(found, join(cookies, c))
		}
	}
	return found
}

// join joins the parts of a cookie, given its first part.
func join(cookies []cookie, first cookie) candidate {
	can := candidate{name: first.name, text: first.value, longest: len(first.name) + len(first.value)}
	t, r := parseHeader(first.value)
	if r != nil || t.parts == 1 {
		return can // its faults will be found in the whole
	}
	if t.parts > wire.MaxParts {
		can.refusal = refuse(causeParts, "it says that it is the first of %d cookies, where there are at most %d", t.parts, wire.MaxParts)
		return can
	}
	if first.name == "" {
		can.refusal = refuse(causeMissingPart, "it is the first of %d cookies: give the whole Cookie header", t.parts)
		return can
	}
	set, _ := wire.Set(first.value) // it is there: so is the whole header
	for i := 2; i <= t.parts; i++ {
		name := wire.PartName(first.name, i)
		part, others := findPart(cookies, name, set)
		switch {
		case part == "" && others:
			can.refusal = refuse(causeMissingPart, "part %d of %d is missing: the %s that is there belongs to another write", i, t.parts, name)
			return can
		case part == "":
			can.refusal = refuse(causeMissingPart, "part %d of %d is missing: there is no %s", i, t.parts, name)
			return can
		}
		can.text += part[wire.SetSize:]
		can.longest = max(can.longest, len(name)+len(part))
	}
	return can
}

func findPart(cookies []cookie, name, set string) (value string, others bool) {
	for _, c := range cookies {
		if c.name != name {
			continue
		}
		if strings.HasPrefix(c.value, set) {
			return c.value, false
		}
		others = true
	}
	return "", others
}
