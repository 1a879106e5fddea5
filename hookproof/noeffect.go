package hookproof

import "strings"

// noEffect says what to do where the target has acknowledged a payment and its state hook shows no change. The events that
// were sent come first, since the endpoint may wait for others, and the hooks are doubted after that.
func noEffect(sent []Delivery) string {
	return "nothing can be proven: the target acknowledged the payment of a fresh subject, and its state is the same as before. " +
		"Sent were " + strings.Join(typesOf(sent), " and ") + ". " +
		"If the endpoint waits for other types, hookproof cannot judge what it does with them: docs/events.md, or 'hookproof list events', has all types that are sent; " +
		"with --url and --secret it judges signatures and answers alone. " +
		"If the endpoint does handle one of these: does the state hook show what being paid changes, and do sessionId, metadata and amount of the subject hook name the right object?"
}
