package webrule_test

import (
	"testing"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/webrule"
)

func TestMayBeLegacy(t *testing.T) {
	for reason, want := range map[cookiesession.Reason]bool{
		cookiesession.ReasonMalformed:  true,
		cookiesession.ReasonUnknownKey: true,
		cookiesession.ReasonTooLarge:   true,

		"":                              false,
		"newer":                         false,
		cookiesession.ReasonAltered:     false,
		cookiesession.ReasonRevokedKey:  false,
		cookiesession.ReasonFuture:      false,
		cookiesession.ReasonLifetime:    false,
		cookiesession.ReasonIdle:        false,
		cookiesession.ReasonNotBefore:   false,
		cookiesession.ReasonCheck:       false,
		cookiesession.ReasonCheckFailed: false,
		cookiesession.ReasonValue:       false,
	} {
		if got := webrule.MayBeLegacy(string(reason)); got != want {
			t.Errorf("MayBeLegacy(%q) = %v", reason, got)
		}
	}
}
