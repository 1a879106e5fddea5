package life

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/internal/endpointtest"
)

func TestSentencesHaveALifesNouns(t *testing.T) {
	t.Parallel()
	sentence := "A <grant> of a <subject> is in the <object>'s row."
	for want, nouns := range map[string]Nouns{
		"A payment of an order is in the payment intent's row.": {Subject: "order", Grant: "payment", Object: "payment intent"},
		"An order of a card is in the object's row.":            {Subject: "card", Grant: "order"},
		"A unit of a user is in the hour's row.":                {Subject: "user", Grant: "unit", Object: "hour"},
		"An hour of an upgrade is in the object's row.":         {Subject: "upgrade", Grant: "hour"},
		"A grant of an object is in the object's row.":          {},
	} {
		require.Equal(t, want, nouns.In(sentence))
	}
	require.Equal(t, "S(<grants>) of a <late>", Payment.Nouns.In("S(<grants>) of a <late>"))
}

func TestNounsAreChecked(t *testing.T) {
	t.Parallel()
	for nouns, why := range map[string]string{
		`{"subject": "an order!"}`: `/nouns/subject: "an order!" must be a noun in the singular, such as order or gift card`,
		`{"thing": "order"}`:       `/nouns`,
		`"order"`:                  `/nouns`,
	} {
		_, err := ReadLife(endpointtest.LifeFolder(strings.Replace(endpointtest.InvoiceLife, `"names":`, `"nouns": `+nouns+`, "names":`, 1)), "lives/mine")
		require.ErrorContains(t, err, why, nouns)
	}
}
