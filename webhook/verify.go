package webhook

import (
	"errors"
	"strconv"
	"strings"
	"time"

	stripe "github.com/stripe/stripe-go/v76/webhook"
)

// verify answers "" when the header is a signature of these very bytes by any current secret, made no
// further than the tolerance from now, and the reason to refuse them otherwise.
//
// stripe-go's ValidatePayload tries every v1 entry in constant time. Its age check is left out because
// it knows no future and counts fractions of a second, of which t has none; ConstructEvent is not used
// because it takes a newer API version for a forgery and decodes the body twice.
func (h *Handler) verify(body []byte, header string) Reason {
	refusal := SignatureMismatch
	for _, secret := range h.config.Secrets {
		if strings.TrimSpace(secret) == "" {
			continue // stripe-go would take it for a secret, with which anybody can sign
		}
		switch err := stripe.ValidatePayloadIgnoringTolerance(body, header, secret); {
		case err == nil:
			return h.inTolerance(header)
		case errors.Is(err, stripe.ErrNotSigned):
			refusal = SignatureMissing
		case errors.Is(err, stripe.ErrInvalidHeader):
			refusal = SignatureMalformed
		}
	}
	return refusal
}

// inTolerance compares the time that was signed with ours, in whole seconds.
func (h *Handler) inTolerance(header string) Reason {
	tolerance := int64(h.config.Tolerance / time.Second)
	switch age := h.config.Now().Unix() - signedAt(header); {
	case age > tolerance:
		return SignatureStale
	case age < -tolerance:
		return SignatureFuture
	}
	return ""
}

// signedAt reads t from a header that has been verified: the last one, as the verification does.
func signedAt(header string) int64 {
	var t int64
	for pair := range strings.SplitSeq(header, ",") {
		if value, found := strings.CutPrefix(pair, "t="); found {
			t, _ = strconv.ParseInt(value, 10, 64)
		}
	}
	return t
}
