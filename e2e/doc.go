// Package e2e proves on whole systems what unit tests cannot: that the keys of
// a fleet under load are rotated without anyone being logged out.
//
// Its tests start replicas of a small server (package replica), put nginx in
// front of them, send a crowd of visitors, and meanwhile rotate keys with the
// cookiesession command, kill it, restart replicas and damage files. One runs
// the documented Kubernetes recipe, some walk through an example with a real
// browser, some have one do what the documents say of browsers, one binds a
// session to a browser's key and steals its cookies. Everything listens on
// loopback, on ports that the kernel chooses, and ends with the tests. Package
// fleet simulates fleets that are larger, for longer.
//
//	go test -v ./...
//
// prints the figures, after two or three minutes. With -race the replicas run
// under the race detector, too, because they are the test's own program,
// started again. Without nginx or HAProxy the tests that need it are skipped,
// unless CI=true; so are the browser's without Chromium, in any case.
//
// It is a module of its own and never released, so it may use what is internal
// to the root module: it is how one replica's clock is put wrong.
package e2e
