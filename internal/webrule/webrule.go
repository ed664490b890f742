// Package webrule has the rules of HTTP that the core and the modules under
// contrib share: how a session cookie changes the headers of its response,
// which requests make up a page, and which names browsers treat in a special
// way. Its functions work on requests, headers and values alone; they know no
// keys, no cookies' contents and no options.
//
// A module under contrib has a version of its own. A security fix of the core
// must build with the contrib modules that an application already has. So
// within a major version exported names are only added here: none is removed,
// and none changes its type. testdata/api.txt lists them.
package webrule

import "strings"

// cookiePrefixes are the name prefixes that browsers know (RFC 6265bis, Section
// 4.1.3), longest first.
var cookiePrefixes = []string{"__Host-Http-", "__Host-", "__Secure-", "__Http-"}

// CutPrefix cuts a prefix that browsers know off a cookie's name, and returns
// the prefix as it is usually written. Browsers compare without regard to case.
func CutPrefix(name string) (prefix, rest string) {
	for _, p := range cookiePrefixes {
		if len(name) >= len(p) && strings.EqualFold(name[:len(p)], p) {
			return p, name[len(p):]
		}
	}
	return "", name
}

// EndsInNumber reports whether browsers take a host for an IPv4 address, or for
// a broken one: its last label is a decimal, octal or hexadecimal number
// (https://url.spec.whatwg.org/#ends-in-a-number-checker). 0x7f.1 is 127.0.0.1.
// No cookie has such a domain.
func EndsInNumber(host string) bool {
	host = strings.TrimSuffix(host, ".")
	last := host[strings.LastIndexByte(host, '.')+1:]
	digits := "0123456789"
	if hasFoldPrefix(last, "0x") {
		last, digits = last[2:], "0123456789abcdefABCDEF"
		if last == "" {
			return true
		}
	}
	return last != "" && strings.Trim(last, digits) == ""
}

// IsPath reports whether browsers can send a cookie with this Path at all. They
// compare it with the path of a URL, in which they have encoded some bytes,
// turned backslashes round and resolved dots
// (https://url.spec.whatwg.org/#path-percent-encode-set).
func IsPath(path string) bool {
	if !strings.HasPrefix(path, "/") {
		return false
	}
	for i := range len(path) {
		if c := path[i]; c <= ' ' || c > '~' || strings.IndexByte(`"#<>?\^{}`+"`;", c) >= 0 {
			return false
		}
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return false
		}
	}
	return true
}
