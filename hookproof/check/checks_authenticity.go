package check

// The costs that several checks share.
const (
	CostForged   = "whoever knows the URL can forge a <grant>"
	costRefused  = "genuine events are refused, and Stripe disables an endpoint that refuses for days"
	costRotation = "events are lost, or forged ones accepted, while a secret is rolled"
)

// Answers returns relations whose answers alone are judged.
func Answers(schedules ...string) []Relation {
	var list []Relation
	for _, schedule := range schedules {
		list = append(list, Relation{Left: schedule})
	}
	return list
}

const MendVerify = "verify Stripe-Signature with the endpoint's secret before anything else, by Stripe's own library, and answer 400 when it is not valid"

var authenticity = []Check{
	{Name: "authenticity/genuine", Demand: "A genuine delivery is acknowledged.", Source: fromQuick, Says: "answer with a 2xx quickly", Why: costRefused,
		Fix: "verify the bytes that came, with the secret of this very endpoint", Relations: Answers("<grant>=ack")},
	{Name: "authenticity/unsigned", Demand: "A delivery without a signature is refused.", Source: fromVerify, Why: CostForged, Fix: MendVerify,
		Kills: []string{"no-verification", "missing-header-trusted", "ack-before-verification", "missing-header-answered-200"}, Relations: Answers("no-header:<grant>=rejected", "empty-header:<grant>=rejected")},
	{Name: "authenticity/wrong-secret", Demand: "A delivery signed with another secret is refused.", Source: fromVerify, Why: CostForged, Fix: MendVerify,
		Kills: []string{"no-verification", "ack-before-verification", "bad-signature-answered-500"}, Relations: Answers("wrong-secret:<grant>=refused")},
	{Name: "authenticity/empty-secret", Demand: "A delivery signed with the empty string is refused.", Source: fromSignatures, Says: "the key of the HMAC is the endpoint's signing secret, and nothing else", Why: CostForged,
		Fix: "refuse to start without a secret", Kills: []string{"empty-secret-accepted", "no-verification"}, Relations: Answers("empty-secret:<grant>=rejected")},
	{Name: "authenticity/malformed", Demand: "A header without a valid signature is refused.", Source: fromSignatures, Why: CostForged, Fix: MendVerify,
		Kills: []string{"no-verification"}, Relations: Answers("malformed-header:<grant>=rejected", "no-timestamp:<grant>=rejected", "no-signature:<grant>=rejected", "truncated:<grant>=rejected")},
	{Name: "authenticity/other-scheme-alone", Demand: "A header with no v1 signature is refused: v0 is for tests, and anybody can obtain one.", Source: fromSignatures, Says: "v1 is the only live scheme, and v0 is sent for tests: ignore all schemes but v1, against downgrade attacks",
		Why: "an attacker chooses the weakest scheme that is accepted", Fix: "ignore all schemes but v1", Kills: []string{"no-verification"}, Relations: Answers("v0-only:<grant>=rejected")},
	{Name: "authenticity/tampered", Demand: "A body that differs from what was signed is refused.", Source: fromVerify, Why: CostForged, Fix: MendVerify,
		Kills: []string{"no-verification", "signature-mismatch-logged"}, Relations: Answers("tampered-body:<grant>=rejected", "other-body:<grant>=rejected")},
	{Name: "authenticity/re-timed", Demand: "A time that was not signed is refused.", Source: fromReplay, Says: "the time is signed with the body, so that nobody can change it without breaking the signature", Why: "an old delivery can be sent again as a new one",
		Fix: "sign t with the body: the signed text is <t>.<body>", Kills: []string{"no-verification", "signature-mismatch-logged"}, Relations: Answers("re-timed:<grant>=rejected")},
	{Name: "authenticity/stale", Demand: "A delivery signed more than five minutes ago is refused: Stripe's own tolerance is five.", Source: fromReplay, Strict: true, Why: "whoever has seen one delivery can send it again for ever",
		Fix: "compare t with the clock, and refuse what is older than five minutes", Kills: []string{"timestamp-never-checked", "no-verification"}, Relations: Answers("stale:<grant>=rejected")},
	{Name: "authenticity/future", Demand: "A delivery signed more than five minutes ahead is refused.", Source: OurPolicy, Says: "Stripe's libraries check only the past",
		Why: "a delivery signed for a later time can be kept and sent then", Fix: "let the tolerance apply in both directions; most libraries check only the past, so compare the header's t with the clock as well", Kills: []string{"timestamp-never-checked", "future-timestamp-accepted"}, Relations: Answers("future:<grant>=rejected")},
	{Name: "authenticity/in-time", Demand: "A delivery that was signed four minutes ago is accepted: Stripe's own tolerance is five.", Source: fromReplay, Strict: true, Why: costRefused,
		Fix: "let the tolerance be five minutes", Relations: Answers("old-in-time:<grant>=ack")},
	{Name: "authenticity/several-v1", Demand: "Any v1 entry of the header may be the valid one.", Source: fromRolling, Why: costRotation,
		Fix: "try every v1 entry", Kills: []string{"first-v1-only", "last-v1-only"}, Relations: Answers("several-v1:<grant>=ack", "several-v1-first:<grant>=ack")},
	{Name: "authenticity/unknown-schemes", Demand: "Unknown schemes are ignored.", Source: fromSignatures, Says: "take t and v1 from the header, and discard all other elements", Why: costRefused,
		Fix: "use only the v1 entries, and ignore the rest of the header", Kills: []string{"unknown-scheme-refused"}, Relations: Answers("other-schemes:<grant>=ack")},
	{Name: "authenticity/rotation", Demand: "While a secret is rolled, the old one is accepted as well.", Source: OurPolicy, Says: "Stripe signs with every active secret, so one of them is enough; an endpoint that also accepts the old one alone allows a slow rollout", Why: costRotation,
		Fix: "let the endpoint be configured with several secrets, and try each", Kills: []string{"one-secret-only"}, Relations: Answers("previous-secret:<grant>=ack", "<grant>=ack")},
	{Name: "authenticity/raw-body", Demand: "The signature is checked over the bytes that came, however they are spaced or escaped.", Source: fromRawBody, Why: costRefused,
		Fix: "hand the raw body to the verification, before any middleware parses it", Kills: []string{"reserialised-body"},
		Relations: Answers("compact=ack", "spaced=ack", "escaped=ack")},
	{Name: "authenticity/utf-8", Demand: "Letters beyond ASCII, and beyond the basic plane, do not break a signature.", Source: fromRawBody, Why: costRefused,
		Fix: "verify bytes, or decode them as UTF-8 and nothing else", Kills: []string{"charset-mangled"}, Relations: Answers("emoji=ack")},
	{Name: "authenticity/large-body", Demand: "An event of 200 KiB is accepted.", Source: OurPolicy, Why: "large events (many line items, long metadata) are lost",
		Fix: "raise the limit of the body's size to 1 MiB: limit: '1mb' of express.raw(), and of http.MaxBytesReader 1<<20 in place of the 65536 of Stripe's sample for Go", Kills: []string{"body-limit-too-small"}, Relations: Answers("large=ack", "huge=ack?")},
	{Name: "authenticity/api-versions", Demand: "An event of a newer API version is not refused as a forgery.", Source: OurPolicy, Says: "an endpoint's API version should match that of a library in Go, Java or .NET, so that Stripe need not send another one; an upgrade by a second endpoint does", Why: "after an upgrade in the Dashboard all events are refused",
		Fix: "verify only, and decode yourself; or let your library accept every version: IgnoreAPIVersionMismatch of stripe-go's ConstructEventWithOptions, throwOnApiVersionMismatch: false of Stripe.net", Kills: []string{"api-version-read-as-forgery"}, Relations: Answers("<grant>-newest=ack")},
	{Name: "authenticity/no-effect", Demand: "What was refused has no effect.", Source: fromVerify, Why: CostForged, Fix: "verify first, write after",
		Kills:     []string{"no-verification"},
		Relations: []Relation{{Left: "wrong-secret:<grants> empty-secret:<grants> no-header:<grants> tampered-body:<grants> stale:<grants> malformed-header:<grants>", Op: "="}}},
	{Name: "authenticity/forgery-burns-nothing", Demand: "A forged copy of an event does not block the genuine one.", Source: fromVerify, Says: "verify an event before acting on it: storing its id is acting on it", Why: "whoever can guess event ids can have a <grant> ignored",
		Fix: "remember an event's id after its verification, in the transaction of its effect", Kills: []string{"row-written-before-verification"},
		Relations: []Relation{{Left: "wrong-secret:<grants> <grants>", Op: "=", Right: "<grants>"}}},
}
