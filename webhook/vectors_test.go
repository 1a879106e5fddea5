package webhook

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/fixtures"
)

// What is acceptable is decided in TestVerify, where it matters to us: a future t is refused, and t has
// no fraction of a second.
func TestVerifyVectors(t *testing.T) {
	t.Parallel()
	suite, err := fixtures.Vectors()
	require.NoError(t, err)
	for _, v := range suite.Tests() {
		t.Run(v.Comment, func(t *testing.T) {
			t.Parallel()
			h := NewHandler(nil, Config{
				Secrets: v.Secrets, Tolerance: time.Duration(v.Tolerance) * time.Second, Now: v.Clock,
			})
			body, err := v.Body.Bytes()
			require.NoError(t, err)
			var header string // as http.Header.Get has it, where there is none
			if v.Header != nil {
				header = *v.Header
			}
			refusal := h.verify(body, header)
			switch v.Result {
			case fixtures.Valid:
				require.Empty(t, refusal, "vector %d", v.ID)
			case fixtures.Invalid:
				require.NotEmpty(t, refusal, "vector %d", v.ID)
			}
		})
	}
}
