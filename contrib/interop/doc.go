// Package interop runs against the contrib modules what other libraries have:
// the suites of gin-contrib/sessions and hertz-contrib/sessions, and the
// sessions of echo-contrib, goth, authboss, buffalo and iris. It also sends
// values of many libraries through this one and through gob. Each suite prints
// how much of it passes, each value how it fares; docs/DROP-IN.md has what
// differs. It is a module of its own, so that those who use a store get none of
// these.
package interop
