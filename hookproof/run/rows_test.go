package run

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/result"
)

// What is told of a crowd is what was sent: fifty where a schedule asks for two, since nothing makes fewer overlap; in tests six. In a Go
// test they are one line.
func TestFiftyAreToldAsFifty(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		s := openStall(t, func(s *stall) {
			s.answer = func(_ int, w http.ResponseWriter, r *http.Request, body []byte) bool {
				s.forget() // each copy is a new one
				return false
			}
			s.before = func(e stallEvent, o *stallOrder) bool {
				if e.Type == "checkout.session.completed" {
					o.shipped++
				}
				return false
			}
		})
		target := s.target()
		target.Timings.Answer = time.Minute // a busy machine answers late, and all must be answered alike
		r, err := Judge(t.Context(), target, Options{Checks: []check.Check{madeUp("paid&2", "paid")}, Seed: 1})
		require.NoError(t, err)
		f := r.Findings[0]
		require.Equal(t, result.Fail, f.Verdict, f.Why)
		require.Equal(t, "paid&6", f.Schedule)
		require.Equal(t, "S(paid&6) = S(paid)", f.Relation)
		require.Contains(t, f.Why, "after paid&6, ")
		require.Len(t, f.Timeline, 6)
		require.Len(t, f.Requests, 1)
		rows := result.Rows(f.Timeline)
		require.Len(t, rows, 1)
		require.Equal(t, "6 × paid (checkout.session.completed)", rows[0].Name())
		require.Equal(t, 50, crowdSize)
	})
}
