package targets

import "time"

var zero time.Time // a time that is not looked at

// story is what Stripe tells of a user: first some events in their order, then some in any order. It is the same for every
// order, so what a user's standing is in the end is known.
type story struct {
	name string
	tell func(shape, user, customer string) (first, any []told, w want)
}

var stories = []story{
	{"the beginning", func(shape, user, customer string) ([]told, []told, want) {
		s := subscribe(shape, user, customer, pricePro, 0)
		return nil, s.bought(), want{true, "pro", 100, s.periodEnd(1)}
	}},
	{"never paid", func(shape, user, customer string) ([]told, []told, want) {
		s := subscribe(shape, user, customer, pricePro, 0)
		created := s.tell("created", s.now())
		return nil, []told{created, s.become("incomplete_expired")}, want{}
	}},
	{"a trial, and its end", func(shape, user, customer string) ([]told, []told, want) {
		s := subscribe(shape, user, customer, pricePro, 0)
		events := append(s.tried(), s.renewed()...)
		return nil, events, want{true, "pro", 100, s.periodEnd(2)}
	}},
	{"a trial", func(shape, user, customer string) ([]told, []told, want) {
		s := subscribe(shape, user, customer, pricePro, 0)
		return nil, s.tried(), want{true, "pro", 0, s.periodEnd(1)}
	}},
	{"renewals", func(shape, user, customer string) ([]told, []told, want) {
		s := subscribe(shape, user, customer, pricePro, 0)
		first := s.bought()
		events := append(s.renewed(), s.renewed()...)
		return first, events, want{true, "pro", 300, s.periodEnd(3)}
	}},
	{"past due", func(shape, user, customer string) ([]told, []told, want) {
		s := subscribe(shape, user, customer, pricePro, 0)
		first := s.bought()
		return first, []told{s.become("past_due"), s.failed(s.period("subscription_cycle", 4900))}, want{true, "pro", 100, s.periodEnd(1)}
	}},
	{"past due, and recovered", func(shape, user, customer string) ([]told, []told, want) {
		s := subscribe(shape, user, customer, pricePro, 0)
		first := s.bought()
		s.periods++
		renewal := s.period("subscription_cycle", 4900)
		events := []told{s.become("past_due"), s.failed(renewal), s.become("active")}
		events = append(events, s.paid(renewal)...)
		return first, events, want{true, "pro", 200, s.periodEnd(2)}
	}},
	{"ended, and told of late", func(shape, user, customer string) ([]told, []told, want) {
		s := subscribe(shape, user, customer, pricePro, 0)
		events := s.bought()
		events = append(events, s.deleted(), s.updated())
		return nil, append(events, s.nothing()...), want{false, "pro", 100, zero}
	}},
	{"renewed, and ended", func(shape, user, customer string) ([]told, []told, want) {
		s := subscribe(shape, user, customer, pricePro, 0)
		first := s.bought()
		events := append(s.renewed(), s.deleted())
		return first, events, want{false, "pro", 200, zero}
	}},
	{"changed to and fro", func(shape, user, customer string) ([]told, []told, want) {
		s := subscribe(shape, user, customer, pricePro, 0)
		events := append(s.bought(), s.changed(priceTeam)...)
		events = append(events, s.changed(pricePro)...)
		return nil, append(events, s.changed(priceTeam)...), want{true, "team", 100, s.periodEnd(1)}
	}},
	{"a planned end, and none", func(shape, user, customer string) ([]told, []told, want) {
		s := subscribe(shape, user, customer, pricePro, 0)
		events := s.bought()
		s.flag, s.cancelAt = true, s.periodEnd(1).Unix()
		events = append(events, s.updated())
		s.flag, s.cancelAt = false, 0
		return nil, append(events, s.updated()), want{true, "pro", 100, s.periodEnd(1)}
	}},
	{"a planned end, and an invoice of nothing", func(shape, user, customer string) ([]told, []told, want) {
		s := subscribe(shape, user, customer, pricePro, 0)
		events := s.bought()
		s.cancelAt = s.periodEnd(1).Unix()
		events = append(events, s.updated())
		return nil, append(events, s.nothing()...), want{true, "pro", 100, s.periodEnd(1)}
	}},
	{"an old one's end", func(shape, user, customer string) ([]told, []told, want) {
		old := subscribe(shape, user, customer, priceTeam, 5)
		first := old.bought()
		s := subscribe(shape, user, customer, pricePro, 0)
		events := append(s.bought(), old.deleted(), old.updated())
		return first, events, want{true, "pro", 400, s.periodEnd(1)}
	}},
	{"a second one that nobody pays", func(shape, user, customer string) ([]told, []told, want) {
		s := subscribe(shape, user, customer, pricePro, 5)
		first := s.bought()
		second := subscribe(shape, user, customer, priceTeam, 0)
		return first, []told{second.tell("created", second.now()), second.become("incomplete_expired")}, want{true, "pro", 100, s.periodEnd(1)}
	}},
	{"another product of the same customer", func(shape, user, customer string) ([]told, []told, want) {
		s := subscribe(shape, user, customer, pricePro, 5)
		first := s.bought()
		foreign := subscribe(shape, user, customer, priceForeign, 0)
		foreign.named = false
		return first, append(foreign.bought(), foreign.renewed()...), want{true, "pro", 100, s.periodEnd(1)}
	}},
	{"another product of the same customer, and its end", func(shape, user, customer string) ([]told, []told, want) {
		s := subscribe(shape, user, customer, pricePro, 5)
		first := s.bought()
		foreign := subscribe(shape, user, customer, priceForeign, 0)
		foreign.named = false
		return first, append(foreign.bought(), foreign.deleted()), want{true, "pro", 100, s.periodEnd(1)}
	}},
	{"an old one beside it", func(shape, user, customer string) ([]told, []told, want) {
		old := subscribe(shape, user, customer, priceTeam, 5)
		first := old.bought()
		s := subscribe(shape, user, customer, pricePro, 0)
		return first, append(s.bought(), old.updated()), want{true, "pro", 400, s.periodEnd(1)}
	}},
	{"an invoice made by hand", func(shape, user, customer string) ([]told, []told, want) {
		s := subscribe(shape, user, customer, pricePro, 0)
		events := s.bought()
		to := s.periodEnd(3).Unix()
		return events, s.paid(s.invoice("manual", line{pricePro, 4900, s.clock, to, false})), want{true, "pro", 100, s.periodEnd(1)}
	}},
	{"other items first", func(shape, user, customer string) ([]told, []told, want) {
		s := subscribe(shape, user, customer, pricePro, 0)
		s.before = []string{"price_metered"}
		first := s.bought()
		return first, s.renewed(), want{true, "pro", 200, s.periodEnd(2)}
	}},
	{"without metadata, by the customer", func(shape, user, customer string) ([]told, []told, want) {
		tied := subscribe(shape, user, customer, pricePro, 5)
		first := append(tied.bought(), tied.deleted())
		s := subscribe(shape, user, customer, priceTeam, 0)
		s.named = false
		return first, s.bought(), want{true, "team", 400, s.periodEnd(1)}
	}},
	{"a price that nobody knows", func(shape, user, customer string) ([]told, []told, want) {
		s := subscribe(shape, user, customer, pricePro, 0)
		first := s.bought()
		s.price = priceForeign
		return first, append([]told{s.updated()}, s.renewed()...), want{true, "", 100, s.periodEnd(2)}
	}},
}
