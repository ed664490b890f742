package webrule

import (
	"net"
	"net/http"
	"slices"
	"strings"
)

// A Kind is the purpose of a request, by its headers.
type Kind uint8

// The kinds of requests.
const (
	Other    Kind = iota // a fetch, an image, or a client that is no browser
	Prefetch             // for a page that a visitor may never open
	Frame                // a page inside another
	Document             // a page of its own
)

// IsPage reports whether a request asks for a page that its visitor is waiting
// for.
func (k Kind) IsPage() bool { return k == Frame || k == Document }

// KindOf returns the kind of a request. Browsers send the Sec-Fetch headers
// over HTTPS and to loopback alone. Where they are missing, Accept tells.
func KindOf(r *http.Request) Kind {
	h := r.Header
	dest, mode := first(h["Sec-Fetch-Dest"]), first(h["Sec-Fetch-Mode"])
	switch {
	case first(h["Sec-Purpose"]) != "" || isPrefetch(first(h["Purpose"])) || isPrefetch(first(h["X-Moz"])):
		return Prefetch
	case dest == "iframe":
		return Frame
	case dest == "document" || mode == "navigate":
		return Document
	case dest == "" && mode == "" && (r.Method == http.MethodGet || r.Method == http.MethodPost) && acceptsHTML(h["Accept"]):
		return Document
	}
	return Other
}

// first returns the first value of a header, as [http.Header.Get] does for a
// name that it need not bring into canonical form.
func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

func isPrefetch(purpose string) bool { return strings.EqualFold(purpose, "prefetch") }

// acceptsHTML reports whether Accept names text/html. A wildcard does not.
func acceptsHTML(lines []string) bool {
	for _, line := range lines {
		for element := range strings.SplitSeq(line, ",") {
			name, _, _ := strings.Cut(element, ";")
			if strings.EqualFold(strings.TrimSpace(name), "text/html") {
				return true
			}
		}
	}
	return false
}

// IsSafe reports whether a method is one of those that change nothing (RFC
// 9110, Section 9.2.1), as a link from another site does. A logout with any
// other method also deletes a session's cookie that the request did not carry:
// SameSite may have kept it back.
func IsSafe(method string) bool {
	switch method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}

// IsPlainPage reports whether a request asks for a page over plain HTTP, as far
// as a server can tell, from a host that is not loopback. Browsers then keep no
// Secure cookie. A proxy may have ended TLS; each has its own way of saying so.
// Browsers send no Sec-Fetch headers over plain HTTP.
func IsPlainPage(r *http.Request) bool {
	if r.TLS != nil || KindOf(r) != Document || isLoopback(r.Host) {
		return false
	}
	for key, lines := range r.Header {
		switch key {
		case "Origin", "Referer", "X-Forwarded-Proto", "X-Forwarded-Scheme", "X-Forwarded-Ssl", "Forwarded", "Cf-Visitor", "Front-End-Https":
			if slices.ContainsFunc(lines, saysHTTPS) {
				return false
			}
		}
		if strings.HasPrefix(key, "Sec-Fetch-") {
			return false
		}
	}
	return true
}

func saysHTTPS(value string) bool {
	return strings.EqualFold(value, "on") || strings.Contains(strings.ToLower(value), "https")
}

// isLoopback reports whether a Host header names this machine, or nothing.
func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if ip := net.ParseIP(strings.Trim(host, "[]")); ip != nil {
		return ip.IsLoopback()
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "" || host == "localhost" || strings.HasSuffix(host, ".localhost")
}
