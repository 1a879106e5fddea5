package result

// Request is what was sent for a finding: one for all deliveries with the same body and signing.
type Request struct {
	Name   string `json:"name"` // such as 1-paid: its number in the finding, and its event's name
	URL    string `json:"url"`
	Sign   string `json:"sign"`
	Type   string `json:"type,omitempty"`   // Stripe's type of the event; "" if the body is no event
	Header string `json:"header,omitempty"` // Stripe-Signature of the first delivery
	Body   string `json:"body"`             // byte for byte, unless Masked
	Masked bool   `json:"masked,omitempty"` // the body, the URL or a header had a secret, which is •••
	// Shortened is whether the end of the body is left out. Curl has all of it.
	Shortened bool `json:"shortened,omitempty"`
	// Curl is a shell command that sends the same body. It signs in the same way, now, with the secret in HOOKPROOF_SECRET.
	Curl string `json:"curl"`
}
