-- +goose Up

-- Stripe's refunds by their ids, with their amounts: all that were told, and those of them that have failed. "refundedAmount"
-- stays the largest sum that a charge has told. It grows with each refund and takes nothing back when one fails, so
-- neither column can be made of the other. A constant default rewrites no row.
ALTER TABLE "Booking"
    ADD COLUMN IF NOT EXISTS refunds         jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN IF NOT EXISTS "failedRefunds" jsonb NOT NULL DEFAULT '{}';
