package main

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
)

func TestSignerAgreesWithHookproof(t *testing.T) {
	t.Parallel()
	s := newSigner(webhookSecret)
	for unix, body := range []string{"", "{}", `{"id":"evt_1"}`} { // one signer for all
		want := fmt.Sprintf("t=%d,v1=%s", unix, event.Signature(webhookSecret, int64(unix), []byte(body)))
		require.Equal(t, want, string(s.sign(int64(unix), []byte(body))))
	}
}
