package store

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// The script that docs/growth.md offers: what was recorded before it, after it, and in a month whose
// payloads have been dropped stays recorded, and what is parked can be read again.
func TestPayloadPartitions(t *testing.T) {
	t.Parallel()
	s := loaded(t, 4)
	script, err := os.ReadFile("../docs/payload-partitions.sql")
	require.NoError(t, err)
	together(t, s, paid(1))
	_, err = s.db.Exec(string(script))
	require.NoError(t, err)
	_, kept := together(t, s, paid(2), paid(3))
	require.Equal(t, []Kept{{Reason: "applied"}, {Reason: "applied"}}, kept)
	intent := "pi_parked"
	require.NoError(t, s.Transact(t.Context(), func(tx *Tx) error {
		_, err := tx.Keep(t.Context(), []Entry{paid(4), parked("evt_parked", intent)})
		return err
	}))
	payload := func(event string) (payload string) {
		require.NoError(t, s.db.Get(&payload, `SELECT convert_from(payload, 'UTF8') FROM "PaymentEventPayload" WHERE "stripeEventId" = $1`, event))
		return payload
	}
	require.Equal(t, string(paid(3).Payload), payload("evt_3"))
	require.Equal(t, string(paid(4).Payload), payload("evt_4"))

	var month string
	require.NoError(t, s.db.Get(&month, `SELECT tableoid::regclass FROM "PaymentEventPayload" LIMIT 1`))
	require.NotContains(t, month, "default")
	_, err = s.db.Exec(`DROP TABLE ` + month)
	require.NoError(t, err)
	looks, kept := together(t, s, paid(1), paid(2), paid(3), paid(4))
	require.Empty(t, kept)
	for n, look := range looks {
		require.NotNil(t, look.Seen, "%d", n+1)
	}
	require.NoError(t, s.Transact(t.Context(), func(tx *Tx) error {
		parked, err := tx.Parked(t.Context(), intent)
		require.Len(t, parked, 1)
		require.Equal(t, "{}", string(parked[0].Payload))
		return err
	}))
}
