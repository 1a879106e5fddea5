package webhook

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/store"
)

const bookingUUID = "3f0c1f8e-6f3a-4d43-9d0a-5c8b0a3f7e11"

// completed is the body of a paid session, with one member more or other.
func completed(object string) string {
	return `{"id":"evt_1","type":"checkout.session.completed","livemode":false,"data":{"object":{"id":"cs_1",` +
		`"metadata":{"bookingId":"` + bookingUUID + `"},"client_reference_id":null,"payment_intent":"pi_1","payment_status":"paid",` +
		`"amount_total":4500,"currency":"usd"` + object + `}}}`
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]Reason{
		``:                                NotJSON,
		`x`:                               NotJSON,
		`{"id":"evt_1"`:                   NotJSON,
		`{"id":"evt_1"} {}`:               NotJSON,
		"\ufeff{}":                        NotJSON,
		"{\"id\":\"evt_\xff\"}":           NotJSON,
		`[]`:                              NotAnEvent,
		`null`:                            NotAnEvent,
		`"evt_1"`:                         NotAnEvent,
		`{}`:                              NotAnEvent,
		`{"type":"x"}`:                    NotAnEvent,
		`{"id":"evt_1"}`:                  NotAnEvent,
		`{"id":"","type":"x"}`:            NotAnEvent,
		`{"id":1,"type":"x"}`:             NotAnEvent,
		`{"id":"evt_1","type":5}`:         NotAnEvent,
		`{"id":"evt 1","type":"x"}`:       NotAnEvent,
		`{"id":"evt_\u0000","type":"x"}`:  NotAnEvent,
		`{"id":"evt_1","type":"x\u0000"}`: NotAnEvent,
		`{"id":"evt_1","type":"x","api_version":"\u0000"}`:                      NotAnEvent,
		`{"id":"evt_1","type":"x","api_version":7}`:                             NotAnEvent,
		`{"id":"evt_1","type":"x","livemode":"no"}`:                             NotAnEvent,
		`{"id":"evt_1","type":"x","data":[]}`:                                   NotAnEvent,
		`{"id":"` + strings.Repeat("e", 256) + `","type":"x"}`:                  NotAnEvent,
		`{"id":"evt_1","type":"charge.refunded"}`:                               NotAnEvent,
		`{"id":"evt_1","type":"charge.refunded","data":{"object":null}}`:        NotAnEvent,
		`{"id":"evt_1","type":"charge.refunded","data":{"object":[]}}`:          NotAnEvent,
		`{"id":"evt_1","type":"refund.failed","data":{"object":{}}}`:            NotAnEvent,
		`{"id":"evt_1","type":"refund.failed","data":{"object":{"id":"re 1"}}}`: NotAnEvent,
		completed(`,"id":null`):                                                 NotAnEvent,
		completed(`,"id":5`):                                                    NotAnEvent,
		completed(`,"id":"cs'; DROP TABLE x"`):                                  NotAnEvent,
		completed(`,"metadata":[]`):                                             NotAnEvent,
		completed(`,"metadata":{"bookingId":1}`):                                NotAnEvent,
		completed(`,"metadata":{"bookingId":"\u0000"}`):                         NotAnEvent,
		completed(`,"client_reference_id":7`):                                   NotAnEvent,
		completed(`,"client_reference_id":"a\u0000"`):                           NotAnEvent,
		completed(`,"payment_intent":5`):                                        NotAnEvent,
		completed(`,"payment_intent":{"id":5}`):                                 NotAnEvent,
		completed(`,"payment_intent":"pi\u0000"`):                               NotAnEvent,
		completed(`,"payment_status":true`):                                     NotAnEvent,
		completed(`,"payment_status":"p\u0000"`):                                NotAnEvent,
		completed(`,"amount_total":"4500"`):                                     NotAnEvent,
		completed(`,"amount_total":45.5`):                                       NotAnEvent,
		completed(`,"amount_total":1e30`):                                       NotAnEvent,
		completed(`,"currency":840`):                                            NotAnEvent,
		completed(`,"currency":"us\u0000"`):                                     NotAnEvent,
	} {
		_, got := decode([]byte(body))
		require.Equal(t, want, got, "%.120q", body)
	}
}

// What nobody should write must not lose an event, as long as it is in what we do not use.
func TestDecodeIsLenient(t *testing.T) {
	t.Parallel()
	for _, object := range []string{
		`,"customer_details":{"name":"\ud83d"}`, // half of a pair
		`,"amount_total":1,"amount_total":4500`, // the last counts
		`,"metadata":{"bookingid":"x","bookingId":"` + bookingUUID + `"}`,
		`,"ID":5,"Currency":7`, // other names than ours
	} {
		e, reason := decode([]byte(completed(object)))
		require.Empty(t, reason, object)
		require.Equal(t, bookingUUID, e.object.bookingID.String(), object)
		require.Equal(t, "cs_1", *e.object.session, object)
		require.Equal(t, int64(4500), *e.object.amount, object)
		require.Equal(t, "usd", e.object.currency, object)
	}
}

func TestDecodeReads(t *testing.T) {
	t.Parallel()
	e, reason := decode([]byte(completed(``)))
	require.Empty(t, reason)
	require.Equal(t, "evt_1", e.id)
	require.Equal(t, session, e.object.family)
	require.Equal(t, "cs_1", *e.object.session)
	require.Equal(t, bookingUUID, e.object.bookingID.String())
	require.Equal(t, "pi_1", *e.object.intent)
	require.EqualValues(t, 4500, *e.object.amount)
	require.Equal(t, completed(``), string(e.payload))

	for object, check := range map[string]func(object) bool{
		`,"metadata":null`: func(o object) bool { return o.bookingID == nil },
		`,"metadata":{}`:   func(o object) bool { return o.bookingID == nil },
		`,"metadata":{"bookingid":"` + bookingUUID + `"}`:                              func(o object) bool { return o.bookingID == nil },
		`,"metadata":{"bookingId":"order-7"}`:                                          func(o object) bool { return o.bookingID == nil },
		`,"metadata":{"bookingId":null}`:                                               func(o object) bool { return o.bookingID == nil },
		`,"metadata":{"bookingId":"{` + bookingUUID + `}"}`:                            func(o object) bool { return o.bookingID == nil },
		`,"metadata":{"bookingId":"urn:uuid:` + bookingUUID + `"}`:                     func(o object) bool { return o.bookingID == nil },
		`,"metadata":{"bookingId":"` + strings.ReplaceAll(bookingUUID, "-", "") + `"}`: func(o object) bool { return o.bookingID == nil },
		`,"metadata":{"bookingId":"` + strings.ToUpper(bookingUUID) + `"}`:             func(o object) bool { return o.bookingID != nil },
		`,"client_reference_id":"` + bookingUUID + `"`:                                 func(o object) bool { return o.clientReferenceID != nil },
		`,"client_reference_id":"order 7"`:                                             func(o object) bool { return o.clientReferenceID == nil },
		`,"payment_intent":null`:                                                       func(o object) bool { return o.intent == nil },
		`,"payment_intent":{"id":"pi_2","amount":1}`:                                   func(o object) bool { return *o.intent == "pi_2" },
		`,"amount_total":null`:                                                         func(o object) bool { return o.amount == nil },
		`,"currency":"USD"`:                                                            func(o object) bool { return o.currency == "usd" },
		`,"customer_details":{"name":"\u0000"}`:                                        func(o object) bool { return o.currency == "usd" }, // no field that we use
	} {
		e, reason := decode([]byte(completed(object)))
		require.Empty(t, reason, object)
		require.True(t, check(e.object), object)
	}
	e, reason = decode([]byte(`{"id":"` + strings.Repeat("e", 255) + `","type":"v2.core.thing","api_version":null}`))
	require.Empty(t, reason, "types that we do not handle need no object")
	require.Equal(t, foreign, e.object.family)
}

// FuzzDecode wants of whatever bytes that they are refused, or read twice in the same way, and that nothing of them can
// trouble the database, whatever they say of a booking.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("../fixtures/lives/*/*/*.json")
	require.NoError(f, err)
	require.NotEmpty(f, files)
	for _, file := range files {
		body, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(body)
	}
	for _, body := range []string{
		completed(``), completed(`,"currency":"\u0000"`), completed(`,"currency":"U\ud83d"`), completed(`,"metadata":{"bookingId":"` + bookingUUID + `","bookingId":7}`),
		completed(`,"amount_total":-9223372036854775808`), completed(`,"payment_status":"no_payment_required","amount_total":0`), completed(`,"id":""`),
		`{"id":"evt_1","type":"charge.dispute.closed","data":{"object":{"payment_intent":{"id":null},"status":"lost"}}}`,
		`{"id":"evt_1","type":"charge.refunded","data":{"object":{"payment_intent":{"id":"pi_1","id":"pi_2"},"amount":4500,"amount_refunded":1,"currency":"usd"}}}`,
		`{"id":"evt_1","id":"evt\u0000","type":"x"}`, `{"id":"evt_1","type":"x","api_version":""}`, "{\"id\":\"evt_1\",\"type\":\"x\",\"y\":\"\xff\"}",
		`{"id":"evt_1","type":"x"}` + "\x00", `{"ID":"evt_1","Type":"x"}`, strings.Repeat(`[`, 20_000), `{"id":"evt_1","type":"x","y":` + strings.Repeat(`{"z":`, 9_000),
	} {
		f.Add([]byte(body))
	}
	session, stored := "cs_1", regexp.MustCompile(`^[A-Za-z0-9_.-]{1,255}$`)
	f.Fuzz(func(t *testing.T, body []byte) {
		e, reason := decode(body)
		again, sameReason := decode(bytes.Clone(body))
		require.Equal(t, reason, sameReason)
		require.Equal(t, e, again)
		if reason != "" {
			require.Contains(t, []Reason{NotJSON, NotAnEvent}, reason)
			require.Zero(t, e, "nothing is told of what is no event")
			return
		}
		for _, text := range []*string{&e.id, &e.typ, e.apiVersion, e.object.session, e.object.intent} {
			if text != nil {
				require.Regexp(t, stored, *text, "would reach the database")
			}
		}
		require.True(t, utf8.Valid(e.payload) && !bytes.ContainsRune(e.payload, 0), "convert_from would fail")
		require.Equal(t, body, e.payload)
		// Whatever it says, its meaning is one that the database can take.
		for _, b := range []store.LockedBooking{{Amount: 4500, Currency: "usd"}, {Amount: 1, Currency: "jpy", StripeSessionID: &session}} {
			entry := decide(e, &b, "").entry
			change := entry.Change
			require.GreaterOrEqual(t, change.RefundedAmount, int64(0))
			require.LessOrEqual(t, change.RefundedAmount, b.Amount)
			for _, refunds := range []store.Refunds{change.Refunds, change.FailedRefunds} {
				for id, amount := range refunds {
					require.Regexp(t, stored, id)
					require.Positive(t, amount)
					require.LessOrEqual(t, amount, b.Amount)
				}
			}
			if entry.Result == store.Review {
				require.Zero(t, change)
				continue
			}
			require.Equal(t, store.Processed, entry.Result)
			require.True(t, change.SessionID == nil || identifier(*change.SessionID))
			require.True(t, b.StripeSessionID == nil || change.SessionID == nil || *change.SessionID == *b.StripeSessionID)
		}
	})
}

func TestMeaning(t *testing.T) {
	t.Parallel()
	booking := store.LockedBooking{Amount: 4500, Currency: "usd"}
	other := "cs_other"
	taken := booking
	taken.StripeSessionID = &other
	charge := func(refunded string) string {
		return `{"id":"evt_1","type":"charge.refunded","data":{"object":{"payment_intent":"pi_1","amount":4500,"currency":"usd","amount_refunded":` + refunded + `}}}`
	}
	dispute := func(typ, status string) string {
		return fmt.Sprintf(`{"id":"evt_1","type":"charge.dispute.%s","data":{"object":{"payment_intent":"pi_1","status":%q}}}`, typ, status)
	}
	refund := func(typ, fields string) string {
		return fmt.Sprintf(`{"id":"evt_1","type":%q,"data":{"object":{"id":"re_1","payment_intent":"pi_1","amount":1000,"currency":"usd",%s}}}`, typ, fields)
	}
	one := store.Refunds{"re_1": 1000}
	sessionEvent := func(typ string) string {
		return strings.Replace(completed(``), "checkout.session.completed", "checkout.session."+typ, 1)
	}
	for body, want := range map[string]struct {
		booking store.LockedBooking
		status  store.BookingStatus
		dispute store.Dispute
		refund  int64
		made    store.Refunds
		failed  store.Refunds
		reason  Reason
	}{
		completed(``):                  {booking: booking, status: store.Confirmed},
		completed(`,"currency":"USD"`): {booking: booking, status: store.Confirmed},
		completed(`,"payment_status":"unpaid","amount_total":1`):              {booking: booking, status: store.AwaitingPayment},
		completed(`,"payment_status":"no_payment_required","amount_total":0`): {booking: booking, status: store.Confirmed},
		completed(`,"payment_status":"no_payment_required"`):                  {booking: booking, status: store.Confirmed},
		completed(`,"payment_status":"no_payment_required","amount_total":7`): {booking: booking, reason: AmountDiffers, status: store.Confirmed},
		completed(`,"payment_status":"promised"`):                             {booking: booking, reason: PaymentStatusUnknown},
		completed(`,"payment_status":null`):                                   {booking: booking, reason: PaymentStatusUnknown},
		completed(`,"amount_total":4501`):                                     {booking: booking, reason: AmountDiffers, status: store.Confirmed},
		completed(`,"amount_total":0`):                                        {booking: booking, reason: AmountDiffers, status: store.Confirmed},
		completed(`,"amount_total":null`):                                     {booking: booking, reason: AmountDiffers, status: store.Confirmed},
		completed(`,"currency":"eur"`):                                        {booking: booking, reason: CurrencyDiffers, status: store.Confirmed},
		completed(`,"currency":null`):                                         {booking: booking, reason: CurrencyDiffers, status: store.Confirmed},
		completed(`,"x":1`):                                                   {booking: taken, reason: SessionDiffers},
		sessionEvent("async_payment_succeeded"):                               {booking: booking, status: store.Confirmed},
		sessionEvent("async_payment_failed"):                                  {booking: booking, status: store.PaymentFailed},
		sessionEvent("expired"):                                               {booking: booking, status: store.Expired},
		charge("1000"):                                                        {booking: booking, refund: 1000},
		charge("4500"):                                                        {booking: booking, refund: 4500, status: store.Refunded},
		charge("0"):                                                           {booking: booking},
		charge("4501"):                                                        {booking: booking, reason: RefundOutOfRange},
		charge("-1"):                                                          {booking: booking, reason: RefundOutOfRange},
		charge("null"):                                                        {booking: booking, reason: RefundOutOfRange},
		refund("refund.created", `"status":"pending"`):                        {booking: booking, made: one},
		refund("refund.created", `"status":"requires_action"`):                {booking: booking, made: one},
		refund("refund.updated", `"status":"succeeded"`):                      {booking: booking, made: one},
		refund("refund.updated", `"status":"canceled"`):                       {booking: booking, failed: one},
		refund("refund.failed", `"status":"failed"`):                          {booking: booking, failed: one},
		refund("charge.refund.updated", `"status":"failed"`):                  {booking: booking, failed: one},
		refund("refund.failed", `"status":"failed","currency":"eur"`):         {booking: booking, reason: CurrencyDiffers},
		refund("refund.failed", `"status":"failed","amount":4501`):            {booking: booking, reason: RefundOutOfRange},
		refund("refund.failed", `"status":"failed","amount":0`):               {booking: booking, reason: RefundOutOfRange},
		refund("refund.failed", `"status":"failed","amount":null`):            {booking: booking, reason: RefundOutOfRange},
		dispute("created", "needs_response"):                                  {booking: booking, dispute: store.DisputeOpen},
		dispute("closed", "lost"):                                             {booking: booking, dispute: store.DisputeLost},
		dispute("closed", "won"):                                              {booking: booking, dispute: store.DisputeWon},
		dispute("closed", "warning_closed"):                                   {booking: booking, dispute: store.DisputeWon},
	} {
		e, reason := decode([]byte(body))
		require.Empty(t, reason, body)
		change, wrong := meaning(e, want.booking)
		require.Equal(t, want.reason, wrong, body)
		if want.reason != "" {
			continue
		}
		require.Equal(t, want.status, change.Status, body)
		require.Equal(t, want.dispute, change.Dispute, body)
		require.Equal(t, want.refund, change.RefundedAmount, body)
		require.Equal(t, want.made, change.Refunds, body)
		require.Equal(t, want.failed, change.FailedRefunds, body)
		require.Equal(t, "pi_1", *change.PaymentIntentID)
	}
}
