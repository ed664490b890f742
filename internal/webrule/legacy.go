package webrule

// MayBeLegacy reports whether a cookie that was refused for this reason, in the
// core's words, may be one of the store that an application has moved away
// from: to the core such a cookie is no token, or one of a key that it has
// never seen. A cookie that was ours and has expired, or was revoked, is
// answered for. Else an older cookie would stand in for it.
func MayBeLegacy(reason string) bool {
	switch reason {
	case "malformed", "unknown-key", "too-large":
		return true
	}
	return false
}
