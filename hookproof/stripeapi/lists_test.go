package stripeapi

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v76"
)

func TestLists(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	s.tell(t, subscribed(t, older)...)
	s.tell(t, event(t, older, "evt_other001", "customer.subscription.created", "subscription", "sub_Other1Test", map[string]any{"/customer": "cus_Other1Test", "/status": "active"}, nil))
	s.tell(t, paid(t, older)...)
	for path, want := range map[string]string{
		"subscriptions?customer=cus_Sub1Test":                 "[]",
		"subscriptions?customer=cus_Sub1Test&status=all":      "[sub_Sub1Test]",
		"subscriptions?customer=cus_Sub1Test&status=canceled": "[sub_Sub1Test]",
		"subscriptions?customer=cus_Sub1Test&status=ended":    "[sub_Sub1Test]",
		"subscriptions?customer=cus_Sub1Test&status=active":   "[]",
		"subscriptions?price=price_GoldTest&status=all":       "[sub_Sub1Test]",
		"subscriptions":                                                           "[sub_Other1Test]",
		"customers/cus_Other1Test/subscriptions":                                  "[sub_Other1Test]",
		"invoices?subscription=sub_Sub1Test":                                      "[in_Sub2Test in_Sub1Test]",
		"invoices?customer=cus_Sub1Test&limit=1":                                  "[in_Sub2Test]",
		"invoices?customer=cus_Sub1Test&starting_after=in_Sub2Test":               "[in_Sub1Test]",
		"invoices?customer=cus_Sub1Test&ending_before=in_Sub1Test":                "[in_Sub2Test]",
		"invoices?customer=cus_Sub1Test&created[gt]=1700000000":                   "[]",
		"payment_intents?customer=cus_Sub1Test":                                   "[pi_Other2Test pi_Other1Test]",
		"charges?payment_intent=pi_Other1Test":                                    "[ch_Other1Test]",
		"charges?customer=cus_Sub1Test":                                           "[ch_Other2Test ch_Other1Test]",
		"checkout/sessions?subscription=sub_Sub1Test":                             "[cs_test_Sub1Test]",
		"checkout/sessions?payment_intent=pi_3PqSauna0Booking1aBcDeFg":            "[cs_test_a1SaunaBookingCheckoutSession0aBcDeFgHiJkLmNoPqRsTuVwXyZ12345]",
		"refunds?charge=ch_3PqSauna0Booking1aBcDeFg":                              "[re_3PqSauna0Booking1aBcDeFg2 re_3PqSauna0Booking1aBcDeFg]",
		"charges/ch_3PqSauna0Booking1aBcDeFg/refunds":                             "[re_3PqSauna0Booking1aBcDeFg2 re_3PqSauna0Booking1aBcDeFg]",
		"charges/ch_Other1Test/refunds":                                           "[]",
		"subscription_items?subscription=sub_Sub1Test":                            "[si_Sub1Test]",
		"customers?email=zoe@example.com":                                         "[cus_Sub1Test]",
		"customers?email=nobody@example.com":                                      "[]",
		"prices?product=prod_GoldTest":                                            "[price_GoldTest]",
		"products?ids[]=prod_GoldTest":                                            "[prod_GoldTest]",
		"events?type=customer.subscription.deleted":                               "[evt_deleted1]",
		"events?types[]=customer.subscription.deleted&types[]=checkout.session.*": "[evt_deleted1 evt_session1]",
		"customers/search?query=email:'zoe@example.com'":                          "[cus_Sub1Test]",
		"subscriptions/search?query=metadata['user']:'user-4711'":                 "[sub_Sub1Test]",
		"subscriptions/search?query=status:'active'":                              "[sub_Other1Test]",
	} {
		t.Run(path, func(t *testing.T) {
			status, list := s.get(t, "/v1/"+replaced(path))
			require.Equal(t, 200, status, list)
			if path == "events?types[]=customer.subscription.deleted&types[]=checkout.session.*" {
				require.Len(t, list["data"], 3, "the fixture's session is in it, too")
				return
			}
			require.Equal(t, want, fmt.Sprint(all(list, "/data/*/id")))
		})
	}
	status, list := s.get(t, "/v1/invoices?customer=cus_Sub1Test&limit=1")
	require.Equal(t, 200, status)
	require.Equal(t, true, list["has_more"])
	require.Equal(t, "list", list["object"])
	require.Equal(t, "/v1/invoices", list["url"])
	_, list = s.get(t, "/v1/customers/search?query=email:%27zoe@example.com%27")
	require.Equal(t, "search_result", list["object"])
}

func replaced(path string) string {
	out := ""
	for _, c := range path {
		switch c {
		case ' ':
			out += "%20"
		case '\'':
			out += "%27"
		default:
			out += string(c)
		}
	}
	return out
}

func TestALibraryPages(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	for i := range 25 {
		s.tell(t, event(t, older, fmt.Sprintf("evt_page%04d", i), "customer.created", "customer", fmt.Sprintf("cus_Page%04d", i), nil, nil))
	}
	seen := map[string]bool{}
	customers := s.stripe.Customers.List(nil)
	for customers.Next() {
		seen[customers.Customer().ID] = true
	}
	require.NoError(t, customers.Err())
	require.Len(t, seen, 25)
	require.Greater(t, len(s.api.Requests(0)), 2)
}

func TestExpand(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	s.tell(t, subscribed(t, older)...)
	params := &stripe.SubscriptionParams{}
	for _, path := range []string{"latest_invoice.payment_intent.latest_charge", "customer", "items.data.price.product"} {
		params.AddExpand(path)
	}
	sub, err := s.stripe.Subscriptions.Get("sub_Sub1Test", params)
	require.NoError(t, err)
	require.Equal(t, stripe.PaymentIntentStatusSucceeded, sub.LatestInvoice.PaymentIntent.Status)
	require.True(t, sub.LatestInvoice.PaymentIntent.LatestCharge.Paid)
	require.Equal(t, "zoe@example.com", sub.Customer.Email)
	require.Equal(t, "Product", sub.Items.Data[0].Price.Product.Name)

	session := &stripe.CheckoutSessionParams{}
	session.AddExpand("line_items.data.price.product")
	session.AddExpand("subscription.customer")
	bought, err := s.stripe.CheckoutSessions.Get("cs_test_Sub1Test", session)
	require.NoError(t, err)
	require.Equal(t, "price_GoldTest", bought.LineItems.Data[0].Price.ID)
	require.Equal(t, "Product", bought.LineItems.Data[0].Price.Product.Name)
	require.Equal(t, "cus_Sub1Test", bought.Subscription.Customer.ID)

	customer := &stripe.CustomerParams{}
	customer.AddExpand("subscriptions")
	owner, err := s.stripe.Customers.Get("cus_Sub1Test", customer)
	require.NoError(t, err)
	require.Empty(t, owner.Subscriptions.Data, "it has ended")

	list := &stripe.SubscriptionListParams{Customer: stripe.String("cus_Sub1Test"), Status: stripe.String("all")}
	list.AddExpand("data.latest_invoice.payment_intent")
	found := s.stripe.Subscriptions.List(list)
	require.True(t, found.Next())
	require.Equal(t, stripe.PaymentIntentStatusSucceeded, found.Subscription().LatestInvoice.PaymentIntent.Status)

	charge := &stripe.ChargeParams{}
	charge.AddExpand("refunds")
	charge.AddExpand("balance_transaction")
	paid, err := s.stripe.Charges.Get("ch_Other2Test", charge)
	require.NoError(t, err)
	require.NotNil(t, paid.Refunds)
	require.EqualValues(t, 59, paid.BalanceTransaction.Fee)
}

func TestWhatCannotBeExpanded(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	s.tell(t, subscribed(t, older)...)
	for path, message := range map[string]string{
		"subscriptions/sub_Sub1Test?expand[]=nonsense":                                                     "This property cannot be expanded (nonsense).",
		"subscriptions/sub_Sub1Test?expand[]=metadata":                                                     "This property cannot be expanded (metadata).",
		"subscriptions?status=all&expand[]=customer":                                                       "This property cannot be expanded (customer). You may want to try expanding 'data.customer' instead.",
		"subscriptions/sub_Sub1Test?expand=customer":                                                       "Invalid array",
		"subscriptions/sub_Sub1Test?expand[]=latest_invoice.payment_intent.latest_charge.customer.sources": "You cannot expand more than 4 levels of a property (latest_invoice.payment_intent.latest_charge.customer.sources).",
	} {
		status, body := s.get(t, "/v1/"+path)
		require.Equal(t, 400, status, path)
		require.Equal(t, message, first(body, "/error/message"))
		require.Equal(t, "invalid_request_error", first(body, "/error/type"))
	}
	status, _ := s.get(t, "/v1/subscriptions/sub_Sub1Test?expand[]=default_payment_method")
	require.Equal(t, 200, status, "null stays null")
}
