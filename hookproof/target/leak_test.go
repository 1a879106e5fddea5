package target

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Each form is masked where it is the only one in a text.
func TestKeysAreMasked(t *testing.T) {
	t.Parallel()
	for text, masked := range map[string]string{
		`{"secret": "whsec_dGhl+b3Ro/ZXI="}`:             `{"secret": "whsec_•••"}`,
		"the key sk_test_51Nx is not ours":               "the key sk_test_••• is not ours",
		"rk_test_51Nx":                                   "rk_test_•••",
		"sk_live_51Nx":                                   "sk_live_•••",
		"rk_live_51Nx":                                   "rk_live_•••",
		"dial postgres://shop:open sesame":               "dial postgres://shop:open sesame",
		"dial postgres://shop:sesame@127.0.0.1:5432/db":  "dial postgres://shop:•••@127.0.0.1:5432/db",
		"https://stripe.com/docs, or ask a@example.com":  "https://stripe.com/docs, or ask a@example.com",
		"no secret: cs_test_a1b2, evt_1, pi_1, pk_test_": "no secret: cs_test_a1b2, evt_1, pi_1, pk_test_",
	} {
		require.Equal(t, masked, MaskedKeys(text))
	}
}
