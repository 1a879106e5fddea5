package hookproof

import (
	"fmt"
	"strings"
)

// What an event says where the subject hook does not: the fixtures' own money.
const (
	usualAmount   = 4500
	usualCurrency = "usd"
)

// granted says what of a subject's money nobody gave, so that events say what was made up for it; "" if all was given.
func granted(s Subject) string {
	var missing, instead []string
	if _, given := s["amount"]; !given {
		missing, instead = append(missing, "amount"), append(instead, fmt.Sprint(usualAmount))
	}
	if _, given := s["currency"]; !given {
		missing, instead = append(missing, "currency"), append(instead, usualCurrency)
	}
	if len(missing) == 0 {
		return ""
	}
	constant := fmt.Sprint(`"amount": {"value": `, usualAmount, `}`)
	if missing[0] == "currency" {
		constant = `"currency": {"value": "` + usualCurrency + `"}`
	}
	return fmt.Sprintf("the subject hook gives no %s, so events say %s; where that is not what is to be paid, pick it from the hook's answer, or give it as a constant: %s",
		strings.Join(missing, " and no "), strings.Join(instead, " "), constant)
}

// otherwise are further reasons why a payment may show nothing, what the target has said of it first.
func (x *executor) otherwise(acknowledged Delivery) string {
	var out strings.Builder
	if text := says(acknowledged); text != "" {
		out.WriteString(" The answer was " + said(acknowledged) + text + ".")
	}
	for _, text := range x.facts.notes {
		out.WriteString(" Beside that, " + text + ".")
	}
	return out.String() + " And if the endpoint fetches each event from Stripe by its id, Stripe knows none of hookproof's."
}
