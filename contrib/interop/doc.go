// Package interop holds tests and examples of contrib/gorilla's store under
// libraries that take one: echo-contrib/session, goth, and the manner of
// authboss. It is a module of its own, so that those who use the store get none
// of these.
package interop
