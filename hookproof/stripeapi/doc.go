// Package stripeapi is Stripe's API as the endpoint under test sees it: a stand-in that remembers. It answers for the objects of the
// stories that are told to it, in the shapes of one API version, and for what requests have made.
//
// It stands beside package stripe-mock, and does not merge with it: the official mock has no memory, its answers are the same for every
// id, and its specification is eight megabytes that take a second to read. What the two share is Stripe's own fixtures: templates/ has
// the few that are needed here.
//
//	api := stripeapi.New("2023-10-16")
//	err := api.Listen("127.0.0.1:12111")         // before the endpoint starts
//	story, err := api.Tell(bodies...)            // in the order in which they happened
//	story.SetView(stripeapi.InStep)              // else every object is as at the story's end
//	api.Delivered(eventID)                       // before each delivery
//	fault := story.Begin(stripeapi.LockTimeout)  // until fault.End(), which returns what met it
//	requests := api.Requests(0)                  // what was asked: unknown routes, and what acts
//
// What no event has told but others name (a session's customer, an intent's charge) is made from what names it, by rules.json; what can
// be asked for and done is in resources.json. Only keys of test mode are taken.
package stripeapi
