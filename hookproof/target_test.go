package hookproof

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOnlyOwnTargetsMayBeAttacked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, url, secret string
		allowed           []string
		refusal           string // "" is none
	}{
		{"this machine", "http://127.0.0.1:3000/x", "whsec_x", nil, ""},
		{"this machine, IPv6", "http://[::1]:3000/x", "whsec_x", nil, ""},
		{"a private network", "https://10.1.2.3/x", "whsec_x", nil, ""},
		{"anybody's", "http://192.0.2.1/x", "whsec_x", nil, "--allow-host 192.0.2.1"},
		{"anybody's, listed", "http://192.0.2.1:80/x", "whsec_x", []string{"192.0.2.1"}, ""},
		{"a name that is listed, in other letters", "https://Staging.example.com/x", "whsec_x", []string{"staging.example.com"}, ""},
		{"another is listed", "http://192.0.2.1/x", "whsec_x", []string{"192.0.2.2"}, "neither on this machine"},
		{"a live key", "http://127.0.0.1/x", "sk_live_1", nil, "live API key"},
		{"a restricted live key", "http://127.0.0.1/x", "rk_live_1", nil, "live API key"},
		{"a live key to a listed host", "http://192.0.2.1/x", "sk_live_1", []string{"192.0.2.1"}, "live API key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			target := Target{URL: c.url, Secret: c.secret, AllowHosts: c.allowed}
			err := target.Check()
			if c.refusal == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.refusal)
		})
	}
}
