package result

// Request is what deliveries of a finding have sent: one for all that sent the same body, signed in the same way.
type Request struct {
	Name   string `json:"name"` // 1-paid: its number in the finding, and its event's name
	URL    string `json:"url"`
	Sign   string `json:"sign"`
	Type   string `json:"type,omitempty"`   // Stripe's type of the event; "" where the body is none
	Header string `json:"header,omitempty"` // Stripe-Signature, as sent first
	Body   string `json:"body"`             // byte for byte, unless Masked
	Masked bool   `json:"masked,omitempty"` // a secret that was in it is •••
	// Curl is a command for a shell that sends the same body, signed now in the same way with the secret that is in
	// HOOKPROOF_SECRET.
	Curl string `json:"curl"`
}
