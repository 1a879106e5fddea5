package stripeapi

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v76"
)

func TestASessionAndAllThatItNames(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	s.tell(t, paid(t, older)...)
	session, err := s.stripe.CheckoutSessions.Get("cs_test_a1SaunaBookingCheckoutSession0aBcDeFgHiJkLmNoPqRsTuVwXyZ12345", nil)
	require.NoError(t, err)
	require.Equal(t, stripe.CheckoutSessionPaymentStatusPaid, session.PaymentStatus)

	intent, err := s.stripe.PaymentIntents.Get(session.PaymentIntent.ID, nil)
	require.NoError(t, err)
	require.Equal(t, stripe.PaymentIntentStatusSucceeded, intent.Status)
	require.EqualValues(t, 4500, intent.AmountReceived)
	require.Equal(t, session.Metadata, intent.Metadata)

	charge, err := s.stripe.Charges.Get(intent.LatestCharge.ID, nil)
	require.NoError(t, err)
	require.EqualValues(t, 4500, charge.AmountRefunded)
	require.True(t, charge.Refunded)
	require.Nil(t, charge.Refunds, "they are listed when they are expanded only")

	refunds := s.stripe.Refunds.List(&stripe.RefundListParams{PaymentIntent: &intent.ID})
	var sum int64
	for refunds.Next() {
		sum += refunds.Refund().Amount
		require.Equal(t, charge.ID, refunds.Refund().Charge.ID)
	}
	require.NoError(t, refunds.Err())
	require.EqualValues(t, 4500, sum)
	require.Len(t, refunds.RefundList().Data, 2, "one of each step")

	money, err := s.stripe.BalanceTransactions.Get(charge.BalanceTransaction.ID, nil)
	require.NoError(t, err)
	require.Less(t, money.Net, money.Amount)
	require.Equal(t, charge.ID, money.Source.ID)

	items := s.stripe.CheckoutSessions.ListLineItems(&stripe.CheckoutSessionListLineItemsParams{Session: &session.ID})
	require.True(t, items.Next())
	require.Equal(t, session.AmountTotal, items.LineItem().AmountTotal)
	require.NotEmpty(t, items.LineItem().Price.ID)
}

func TestASubscriptionAndAllThatItNames(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	s.tell(t, subscribed(t, older)...)
	sub, err := s.stripe.Subscriptions.Get("sub_Sub1Test", nil)
	require.NoError(t, err)
	require.Equal(t, stripe.SubscriptionStatusCanceled, sub.Status)
	require.Equal(t, "in_Sub2Test", sub.LatestInvoice.ID)

	customer, err := s.stripe.Customers.Get(sub.Customer.ID, nil)
	require.NoError(t, err)
	require.Equal(t, "zoe@example.com", customer.Email)
	require.Equal(t, "Zoë", customer.Name)

	price, err := s.stripe.Prices.Get("price_GoldTest", nil)
	require.NoError(t, err)
	require.EqualValues(t, 900, price.UnitAmount)
	product, err := s.stripe.Products.Get(price.Product.ID, nil)
	require.NoError(t, err)
	require.Equal(t, price.ID, product.DefaultPrice.ID)

	item, err := s.stripe.SubscriptionItems.Get("si_Sub1Test", nil)
	require.NoError(t, err)
	require.Equal(t, price.ID, item.Price.ID)
	items := s.stripe.SubscriptionItems.List(&stripe.SubscriptionItemListParams{Subscription: &sub.ID})
	require.True(t, items.Next())
	require.Equal(t, item.ID, items.SubscriptionItem().ID)

	invoice, err := s.stripe.Invoices.Get("in_Sub2Test", nil)
	require.NoError(t, err)
	require.Equal(t, sub.ID, invoice.Subscription.ID)
	intent, err := s.stripe.PaymentIntents.Get(invoice.PaymentIntent.ID, nil)
	require.NoError(t, err)
	require.Equal(t, stripe.PaymentIntentStatusSucceeded, intent.Status)
	require.EqualValues(t, 900, intent.Amount)
	require.Equal(t, invoice.ID, intent.Invoice.ID)
	require.Equal(t, customer.ID, intent.Customer.ID)
	charge, err := s.stripe.Charges.Get(intent.LatestCharge.ID, nil)
	require.NoError(t, err)
	require.Equal(t, intent.ID, charge.PaymentIntent.ID)
	method, err := s.stripe.PaymentMethods.Get(intent.PaymentMethod.ID, nil)
	require.NoError(t, err)
	require.Equal(t, customer.ID, method.Customer.ID)

	lines := s.stripe.Invoices.ListLines(&stripe.InvoiceListLinesParams{Invoice: stripe.String("in_Sub2Test")})
	require.True(t, lines.Next())

	event, err := s.stripe.Events.Get("evt_deleted1", nil)
	require.NoError(t, err)
	require.Equal(t, stripe.EventTypeCustomerSubscriptionDeleted, event.Type)
}

func TestWhatASessionAloneTells(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	s.tell(t, subscribed(t, older)[3])
	sub, err := s.stripe.Subscriptions.Get("sub_Sub1Test", nil)
	require.NoError(t, err)
	require.Equal(t, stripe.SubscriptionStatusActive, sub.Status)
	require.EqualValues(t, 1700000000, sub.Created)
	require.Greater(t, sub.CurrentPeriodEnd, sub.CurrentPeriodStart)
	require.Equal(t, "cus_Sub1Test", sub.Customer.ID)
	price, err := s.stripe.Prices.Get(sub.Items.Data[0].Price.ID, nil)
	require.NoError(t, err)
	require.EqualValues(t, 900, price.UnitAmount)
	require.EqualValues(t, 900, price.UnitAmountDecimal)
	product, err := s.stripe.Products.Get(price.Product.ID, nil)
	require.NoError(t, err)
	require.Equal(t, price.ID, product.DefaultPrice.ID)
	item, err := s.stripe.SubscriptionItems.Get(sub.Items.Data[0].ID, nil)
	require.NoError(t, err)
	require.Equal(t, sub.ID, item.Subscription)
	invoice, err := s.stripe.Invoices.Get("in_Sub1Test", nil)
	require.NoError(t, err)
	require.Equal(t, stripe.InvoiceStatusPaid, invoice.Status)
	require.EqualValues(t, 900, invoice.AmountPaid)
	require.Equal(t, sub.ID, invoice.Subscription.ID)
	require.Equal(t, stripe.InvoiceBillingReasonSubscriptionCreate, invoice.BillingReason)
}

func TestOfTwoStoriesTheOneThatTellsCounts(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	s.tell(t, event(t, older, "evt_shared01", "customer.created", "customer", "cus_Shared01", map[string]any{"/name": "Told"}, nil))
	s.tell(t, event(t, older, "evt_shared02", "charge.succeeded", "charge", "ch_Shared02", map[string]any{"/customer": "cus_Shared01", "/metadata": object{"batch": "batch-4711"}}, nil))
	s.tell(t, event(t, older, "evt_shared03", "charge.succeeded", "charge", "ch_Shared03", map[string]any{"/customer": "cus_Shared01", "/metadata": object{"batch": "batch-4711"}}, nil))
	customer, err := s.stripe.Customers.Get("cus_Shared01", nil)
	require.NoError(t, err)
	require.Equal(t, "Told", customer.Name)
	_, list := s.get(t, "/v1/charges?customer=cus_Shared01")
	require.Len(t, list["data"], 2, "of both")
	_, err = s.stripe.Products.New(&stripe.ProductParams{Name: stripe.String("batch-4711")})
	require.NoError(t, err)
	for _, story := range s.api.stories {
		for _, r := range story.Requests() {
			require.NotEqual(t, "/v1/products", r.Route, "what several stories have tells of none")
		}
	}
}

func TestTheNewerShape(t *testing.T) {
	t.Parallel()
	s := newSetup(t, newer)
	s.tell(t, subscribed(t, newer)...)
	status, invoice := s.get(t, "/v1/invoices/in_Sub2Test?expand[]=payments.data.payment.payment_intent.latest_charge")
	require.Equal(t, 200, status)
	require.NotContains(t, invoice, "payment_intent")
	require.NotContains(t, invoice, "subscription")
	require.Equal(t, "sub_Sub1Test", first(invoice, "/parent/subscription_details/subscription"))
	require.Equal(t, "succeeded", first(invoice, "/payments/data/0/payment/payment_intent/status"))
	require.Equal(t, "charge", first(invoice, "/payments/data/0/payment/payment_intent/latest_charge/object"))

	status, payments := s.get(t, "/v1/invoice_payments?invoice=in_Sub1Test")
	require.Equal(t, 200, status)
	require.Equal(t, "paid", first(payments, "/data/0/status"))
	intent := first(payments, "/data/0/payment/payment_intent").(string)
	status, payments = s.get(t, "/v1/invoice_payments?payment[type]=payment_intent&payment[payment_intent]="+intent)
	require.Equal(t, 200, status)
	require.Equal(t, "in_Sub1Test", first(payments, "/data/0/invoice"))

	status, sub := s.get(t, "/v1/subscriptions/sub_Sub1Test")
	require.Equal(t, 200, status)
	require.NotContains(t, sub, "current_period_end")
	require.Contains(t, first(sub, "/items/data/0"), "current_period_end")

	status, _ = s.get(t, "/v1/invoices?subscription=sub_Sub1Test")
	require.Equal(t, 200, status)
	status, refused := s.get(t, "/v1/subscriptions/sub_Sub1Test?expand[]=latest_invoice.payment_intent")
	require.Equal(t, 400, status, "an invoice has no intent any more")
	require.Contains(t, first(refused, "/error/message"), "cannot be expanded (latest_invoice.payment_intent)")
}

func TestAnAccountsObjectsAreItsOwn(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	body := event(t, older, "evt_connect1", "customer.created", "customer", "cus_Connect1", nil, nil)
	body = append(body[:len(body)-2], []byte(",\n  \"account\": \"acct_Connect1\"\n}")...)
	s.tell(t, body)
	_, err := s.stripe.Customers.Get("cus_Connect1", nil)
	require.ErrorContains(t, err, "No such customer: 'cus_Connect1'")
	params := &stripe.CustomerParams{}
	params.SetStripeAccount("acct_Connect1")
	_, err = s.stripe.Customers.Get("cus_Connect1", params)
	require.NoError(t, err)
}

func TestADeletedCustomer(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	s.tell(t, event(t, older, "evt_customer1", "customer.created", "customer", "cus_Gone1Test", nil, nil), event(t, older, "evt_customer2", "customer.deleted", "customer", "cus_Gone1Test", nil, nil))
	customer, err := s.stripe.Customers.Get("cus_Gone1Test", nil)
	require.NoError(t, err)
	require.True(t, customer.Deleted)
	list := s.stripe.Customers.List(nil)
	require.False(t, list.Next())
	require.NoError(t, list.Err())
}
