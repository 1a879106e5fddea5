package webhook

import "example.com/hookproof/store"

// meaning says what an event claims of the booking that it is about: a change to join to it, or the
// reason why no retry can mend what is wrong with the claim.
//
// The change does not depend on what the booking is already, and joining is commutative, associative
// and idempotent: so any order and repetition of a booking's events ends in the same row.
func meaning(e event, b store.LockedBooking) (store.Change, Reason) {
	o := e.object
	c := store.Change{SessionID: o.session, PaymentIntentID: o.intent}
	if o.session != nil && b.StripeSessionID != nil && *o.session != *b.StripeSessionID {
		return c, SessionDiffers
	}
	var wrong Reason
	switch e.typ {
	case "checkout.session.completed":
		switch o.paymentStatus {
		case "paid":
			c.Status, wrong = store.Confirmed, wrongMoney(o, b)
		case "no_payment_required": // a voucher may have taken the whole price away
			if o.amount != nil && *o.amount == 0 {
				o.amount = &b.Amount
			}
			c.Status, wrong = store.Confirmed, wrongMoney(o, b)
		case "unpaid":
			c.Status = store.AwaitingPayment
		default:
			wrong = PaymentStatusUnknown
		}
	case "checkout.session.async_payment_succeeded":
		c.Status, wrong = store.Confirmed, wrongMoney(o, b)
	case "checkout.session.async_payment_failed":
		c.Status = store.PaymentFailed
	case "checkout.session.expired":
		c.Status = store.Expired
	case "charge.refunded":
		if wrong = wrongMoney(o, b); wrong == "" && (o.refunded == nil || *o.refunded < 0 || *o.refunded > b.Amount) {
			wrong = RefundOutOfRange
		}
		if wrong == "" {
			c.RefundedAmount = *o.refunded
			if *o.refunded == b.Amount {
				c.Status = store.Refunded
			}
		}
	case "refund.created", "refund.updated", "refund.failed", "charge.refund.updated":
		if wrong = wrongRefund(o, b); wrong != "" {
			break
		}
		switch told := (store.Refunds{o.refund: *o.amount}); o.refundStatus {
		case "failed", "canceled":
			c.FailedRefunds = told
		default: // one that is pending counts, as it does in a charge's amount_refunded
			c.Refunds = told
		}
	case "charge.dispute.created":
		c.Dispute = store.DisputeOpen
	case "charge.dispute.closed": // won, or withdrawn by the customer: warning_closed
		c.Dispute = store.DisputeWon
		if o.disputeStatus == "lost" {
			c.Dispute = store.DisputeLost
		}
	}
	return c, wrong
}

// wrongRefund says what is wrong with the money of one refund.
func wrongRefund(o object, b store.LockedBooking) Reason {
	if o.currency != b.Currency {
		return CurrencyDiffers
	}
	if o.amount == nil || *o.amount <= 0 || *o.amount > b.Amount {
		return RefundOutOfRange
	}
	return ""
}

// wrongMoney compares the object's money with the booking's price. An absent amount differs.
func wrongMoney(o object, b store.LockedBooking) Reason {
	switch {
	case o.currency != b.Currency:
		return CurrencyDiffers
	case o.amount == nil || *o.amount != b.Amount:
		return AmountDiffers
	}
	return ""
}
