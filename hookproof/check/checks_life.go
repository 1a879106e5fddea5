package check

// These rows ask of every life what its roles allow to ask. The built-in lives have rows of their own for most of it.

var anyOrder = []Check{
	{Name: "order/any-order", Demand: "The events that grant, and those that do not grant yet, end in the same state in every order.", Source: fromOrder, Why: CostOrder, Fix: MendOrder,
		Rest: true, Relations: append(sameOutcome("{<grants>}", "<grants>"), sameOutcome("{<notYet>}", "<notYet>")...)},
}

var endShows = []Check{
	{Name: "meaning/end-shows", Demand: "The end of what was granted shows in the state.", Source: OurPolicy, Says: "Stripe's reference says what the event means, and not what an endpoint must do", Why: "who has no right to it any more keeps it",
		Fix: "handle the event that ends it", Rest: true, Relations: Unequal("<grants> <ends>", "<grants>", "")},
}
