package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
)

// insertBooking makes an unpaid booking as the server leaves it when Stripe has answered. Its slot is far from all others.
const insertBooking = `WITH made AS (
	INSERT INTO "Booking" (id, "userId", "resourceId", "startsAt", "endsAt", amount, currency, status, "stripeSessionId", "expiresAt")
	SELECT id, u, r, slot, slot + interval '5 minutes', price, cur, 'AWAITING_PAYMENT', 'cs_test_' || replace(id::text, '-', ''), now() + interval '1 hour'
	FROM (SELECT gen_random_uuid() AS id, timestamptz '2100-01-01' + floor(random() * 1e7) * interval '5 minutes' AS slot) AS new,
		(SELECT id AS u FROM "User" WHERE role = 'CUSTOMER' ORDER BY "createdAt" LIMIT 1) AS whose,
		(SELECT id AS r, "unitAmount" AS price, currency AS cur FROM "Resource" ORDER BY "createdAt", id LIMIT 1) AS what
	RETURNING id, amount, currency, "stripeSessionId")
SELECT json_build_object('id', id, 'amount', amount, 'currency', currency, 'session', "stripeSessionId") FROM made`

// readBooking is a booking with everything that a payment changes.
const readBooking = `SELECT status, "refundedAmount" AS refunded, dispute, "stripePaymentIntentId" IS NOT NULL AS known FROM "Booking" WHERE id = {{metadata.bookingId}}::uuid`

// writeTarget writes a target file by which hookproof judges this sandbox, if there is a psql to make bookings with; "" if there is none.
func (s *sandbox) writeTarget(directory string) (path string, err error) {
	psql := s.psql()
	if _, err := exec.LookPath(psql); err != nil {
		return "", nil
	}
	content, err := json.MarshalIndent(map[string]any{
		"url":    s.server.URL() + "/webhooks/stripe",
		"secret": s.secrets.Webhook,
		"subject": map[string]any{
			"command": []string{psql, s.postgres.URL(database), "-qtAc", insertBooking},
			"pick": map[string]string{"clientReferenceId": "/id", "metadata.bookingId": "/id", "sessionId": "/session", "amount": "/amount",
				"currency": "/currency"},
		},
		"state": map[string]any{"sql": map[string]string{"dsn": s.postgres.URL(database), "query": readBooking}},
	}, "", "  ")
	if err != nil {
		return "", err
	}
	file, err := os.CreateTemp(directory, "hookproof-*.json") // for its owner alone: there is a secret in it
	if err != nil {
		return "", err
	}
	_, err = file.Write(append(content, '\n'))
	return file.Name(), errors.Join(err, file.Close())
}

// psql is PostgreSQL's own client, where it is beside the server, or the machine's.
func (s *sandbox) psql() string {
	psql := filepath.Join(s.postgres.Binaries(), "psql")
	if _, err := os.Stat(psql); err != nil {
		return "psql"
	}
	return psql
}
