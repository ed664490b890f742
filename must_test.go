package cookiesession_test

import (
	"errors"
	"testing"

	"example.com/cookiesession"
)

func TestMust(t *testing.T) {
	if got := cookiesession.Must(7, nil); got != 7 {
		t.Errorf("%d", got)
	}
	want := errors.New("no keyring")
	defer func() {
		if got := recover(); got != want {
			t.Errorf("panic: %v", got)
		}
	}()
	cookiesession.Must(7, want)
	t.Error("Must returned in spite of an error")
}
