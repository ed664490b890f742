// Package interop runs the suites that other libraries have for their stores
// against the contrib modules, and examples of libraries that take one: those
// of gin-contrib/sessions and hertz-contrib/sessions, echo-contrib/session,
// goth, and the manner of authboss. Each suite prints how much of it passes. It
// is a module of its own, so that those who use a store get none of these.
package interop
