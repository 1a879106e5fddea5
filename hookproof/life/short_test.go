package life

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Phrases that a life shows stand for their events, wherever a text has all of these side by side and alike.
func TestShort(t *testing.T) {
	t.Parallel()
	l, err := BuiltIn("subscription")
	require.NoError(t, err)
	for text, want := range map[string]string{
		"S(sub-incomplete sub-paid sub-paid-2 sub-active sub-bought deleted) = S(deleted)":                       "S(bought deleted) = S(deleted)",
		"after sub-incomplete sub-paid sub-paid-2 sub-active sub-bought, /x is 1":                                "after bought, /x is 1",
		"sub-incomplete*2+ sub-paid*2+ sub-paid-2*2+ sub-active*2+ sub-bought*2+":                                "bought*2+",
		"sub-incomplete=ack sub-paid=ack sub-paid-2=ack sub-active=ack sub-bought=ack":                           "bought=ack",
		"S({sub-incomplete sub-paid sub-paid-2 sub-active sub-bought}) = S()":                                    "S({bought}) = S()",
		"old-sub-incomplete old-sub-paid old-sub-paid-2 old-sub-active old-sub-bought sub-incomplete":            "old-bought sub-incomplete",
		"sub-incomplete sub-paid sub-paid-2 sub-active sub-bought renew-updated fail-invoice fail-past-due":      "bought fail",
		"sub-incomplete*2 sub-paid sub-paid-2 sub-active sub-bought":                                             "sub-incomplete*2 sub-paid sub-paid-2 sub-active sub-bought",
		"sub-incomplete, sub-paid sub-paid-2 sub-active sub-bought":                                              "sub-incomplete, sub-paid sub-paid-2 sub-active sub-bought",
		"sub-incomplete sub-active sub-paid sub-paid-2 sub-bought":                                               "sub-incomplete sub-active sub-paid sub-paid-2 sub-bought",
		"sub-incomplete never-paid is a phrase that is not shown":                                                "sub-incomplete never-paid is a phrase that is not shown",
		"wrong-secret:renew-updated wrong-secret:renew-paid wrong-secret:renew-paid-2 and then Something (else)": "wrong-secret:renew and then Something (else)",
	} {
		short, _ := l.Short(text)
		require.Equal(t, want, short)
	}
	_, phrases := l.Short("S(renew-updated renew-paid renew-paid-2) = S(renew-updated renew-paid renew-paid-2)")
	require.Equal(t, []string{"renew is renew-updated, renew-paid, renew-paid-2"}, phrases)
	same, none := Payment.Short("paid refund-10 refund-25 refund")
	require.Equal(t, "paid refund-10 refund-25 refund", same)
	require.Empty(t, none)
}

// Instants that a state shows are told for people.
func TestInstantsAreExplained(t *testing.T) {
	t.Parallel()
	l, err := BuiltIn("subscription")
	require.NoError(t, err)
	require.Equal(t, []string{"{{periodEnd.1}} is the end of the first period", "{{old.trialEnd}} is the end of the trial, of an earlier subscription of the same customer"},
		l.Instants(`"{{periodEnd.1}}" "{{time}}" "{{began}}" "{{old.trialEnd}}" "{{periodEnd.1}}"`))
}
