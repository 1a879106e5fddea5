package life

import (
	"testing"
)

// paymentStory is where the objects of one order stand.
type paymentStory struct {
	first   bool   // an earlier intent of the order has failed
	price   string // what is to be paid: full, less (a discount), more (a tax) or nothing; "" is any, since nothing has depended on it
	session string // open, waiting (completed, and not paid), paid, free, failed or expired
	slow    bool   // it was waiting
	charged bool   // its intent is paid
	other   string // another Checkout session of the same order: open, waiting, paid, refunded, failed or expired
	money          // of the session's charge
}

// costs reports whether what is to be paid is a price. It is so from then on.
func (s *paymentStory) costs(price string) bool {
	if s.price == "" {
		s.price = price
	}
	return s.price == price
}

func (s paymentStory) next() (all []paymentStory) {
	can := func(possible bool, change func(after *paymentStory)) {
		if possible {
			after := s
			change(&after)
			all = append(all, after)
		}
	}
	for _, price := range []string{"full", "less", "more", "nothing"} {
		can(s.price == "", func(s *paymentStory) { s.price = price })
	}
	open, waiting, full := s.session == "open" && !s.charged, s.session == "waiting" && !s.charged, s.price == "full"
	can(open && !s.first, func(s *paymentStory) { s.first = true })
	can(open && full, func(s *paymentStory) { s.session, s.slow = "waiting", true })
	can(open && full, func(s *paymentStory) { s.session = "expired" })
	can(open && s.price == "nothing", func(s *paymentStory) { s.session = "free" })
	can((open || waiting) && s.price != "" && s.price != "nothing", func(s *paymentStory) { s.charged = true })
	can(waiting, func(s *paymentStory) { s.session = "failed" })
	can(s.charged && s.session != "paid", func(s *paymentStory) { s.session = "paid" })
	for _, move := range []struct{ from, to string }{{"open", "waiting"}, {"open", "paid"}, {"open", "expired"}, {"waiting", "paid"}, {"waiting", "failed"}, {"paid", "refunded"}} {
		can(s.other == move.from, func(s *paymentStory) { s.other = move.to })
	}
	if s.session == "paid" && full {
		for _, m := range s.money.next() {
			can(true, func(s *paymentStory) { s.money = m })
		}
	}
	return all
}

// payments is the model.
var payments = model[paymentStory]{
	start: paymentStory{session: "open", other: "open"},
	next:  paymentStory.next,
	words: append([]modelRow[paymentStory]{
		{"first-failed first-failed-2", func(s *paymentStory) bool { return s.first }},
		{"unpaid", func(s *paymentStory) bool { return s.session == "waiting" }},
		{"charge-paid intent-paid", func(s *paymentStory) bool { return s.charged && s.costs("full") }},
		{"paid", func(s *paymentStory) bool { return s.session == "paid" && !s.slow && s.costs("full") }},
		{"discounted-charge-paid discounted-intent-paid", func(s *paymentStory) bool { return s.charged && s.costs("less") }},
		{"discounted", func(s *paymentStory) bool { return s.session == "paid" && s.costs("less") }},
		{"taxed", func(s *paymentStory) bool { return s.session == "paid" && s.costs("more") }},
		{"free", func(s *paymentStory) bool { return s.session == "free" }},
		{"async-paid", func(s *paymentStory) bool { return s.session == "paid" && s.slow }},
		{"async-failed", func(s *paymentStory) bool { return s.session == "failed" }},
		{"paid-invoice paid-invoice-2", func(s *paymentStory) bool { return s.session == "paid" && s.costs("full") }},
		{"discounted-invoice discounted-invoice-2", func(s *paymentStory) bool { return s.session == "paid" && s.costs("less") }},
		{"expired", func(s *paymentStory) bool { return s.session == "expired" }},
		{"other-session-expired", func(s *paymentStory) bool { return s.other == "expired" }},
		{"other-session-failed", func(s *paymentStory) bool { return s.other == "failed" }},
		{"second-paid", func(s *paymentStory) bool { return s.other == "paid" }},
		{"second-refund", func(s *paymentStory) bool { return s.other == "refunded" }},
	}, moneyWords(func(s *paymentStory) money { return s.money })...),
}

func TestThePaymentIsWhatCanHappen(t *testing.T) {
	t.Parallel()
	// The others are about nothing of this order, say what another says with other sums, or what Stripe never does and whoever has the
	// secret could: checks that our own policy demands ask what an endpoint believes.
	payments.checkWords(t, Payment, "neighbour-expired", "stranger-dispute", "unhandled-succeeded", "half-amount", "other-currency", "other-email",
		"no-amount", "refund-other-currency", "refund-too-much")
	payments.checkNames(t, Payment)
}
