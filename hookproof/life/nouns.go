package life

import (
	"cmp"
	"encoding/json"
	"regexp"

	"example.com/hookproof/hookproof/internal/jsonfile"
)

// Nouns are what sentences about a life call its things, in the singular.
type Nouns struct {
	Subject string // what the endpoint makes for each story: an order
	Grant   string // what the events that grant tell of: a payment
	Object  string // what Stripe calls what the events are about: a session
}

var (
	nounForm  = regexp.MustCompile(`^[A-Za-z][a-z]*( [a-z]+)*$`)
	vowel     = regexp.MustCompile(`(?i)^(?:[aio]|e[^u]|u(?:[^sn]|n[^i])|hour)`) // what sounds so: an invoice, a user
	nounPlace = regexp.MustCompile(`(\b[Aa] )?<(subject|grant|object)>`)
)

// In returns a sentence with the life's nouns in place of <subject>, <grant> and <object>. An article before one suits it.
func (n Nouns) In(sentence string) string {
	return nounPlace.ReplaceAllStringFunc(sentence, func(place string) string {
		found := nounPlace.FindStringSubmatch(place)
		noun := map[string]string{"subject": cmp.Or(n.Subject, "object"), "grant": cmp.Or(n.Grant, "grant"), "object": cmp.Or(n.Object, "object")}[found[2]]
		article := found[1]
		if article != "" && vowel.MatchString(noun) {
			article = article[:1] + "n "
		}
		return article + noun
	})
}

// parseNouns reads the nouns.
func (l *Life) parseNouns(raw json.RawMessage) error {
	if raw == nil {
		return nil
	}
	if err := jsonfile.Decode(raw, &l.Nouns); err != nil {
		return err
	}
	for key, noun := range map[string]string{"subject": l.Nouns.Subject, "grant": l.Nouns.Grant, "object": l.Nouns.Object} {
		if noun != "" && !nounForm.MatchString(noun) {
			return place{key}.Wrong("%q must be a noun in the singular, such as order or gift card", noun)
		}
	}
	return nil
}
