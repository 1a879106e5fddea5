package shop

import (
	"context"
	"net/http/httptest"
	"testing"

	"example.com/hookproof/hookproof"
	"example.com/hookproof/hookproof/hookprooftest"
)

func TestWebhook(t *testing.T) {
	shop := &Shop{Secret: "whsec_test"}
	server := httptest.NewServer(shop)
	t.Cleanup(server.Close)

	hookprooftest.Run(t, &hookproof.Target{
		URL:    server.URL,
		Secret: "whsec_test",
		Subject: func(context.Context) (hookproof.Subject, error) {
			order := shop.Buy(4900)
			return hookproof.Subject{"clientReferenceId": order.ID, "amount": order.Amount, "currency": "usd"}, nil
		},
		State: func(_ context.Context, subject hookproof.Subject) (any, error) {
			return shop.Order(subject["clientReferenceId"].(string)), nil
		},
		Unhandled: []string{"charge.refunded", "charge.dispute.created", "charge.dispute.closed"},
	}, hookproof.Options{Profile: "stripe"})
}
