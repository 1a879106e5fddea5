<?php
// Makes the tables, and the database's file if there is none. To be run before the shop is.
declare(strict_types=1);

if (!getenv('DATABASE') || in_array('', array_map('trim', explode(',', getenv('STRIPE_WEBHOOK_SECRET') ?: '')), true)) {
    fwrite(STDERR, "DATABASE (a file) and STRIPE_WEBHOOK_SECRET (comma separated, no part empty) are required\n");
    exit(1);
}
$db = new PDO('sqlite:' . getenv('DATABASE'));
$db->exec("
    PRAGMA journal_mode = WAL; -- readers wait for nobody
    CREATE TABLE IF NOT EXISTS orders (
        id TEXT PRIMARY KEY, session TEXT NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL,
        status INTEGER NOT NULL DEFAULT 0, payment_intent TEXT
    ) STRICT;
    -- What the warehouse has to send: a row is a parcel.
    CREATE TABLE IF NOT EXISTS shipments (id INTEGER PRIMARY KEY, order_id TEXT NOT NULL REFERENCES orders) STRICT;
    CREATE INDEX IF NOT EXISTS shipments_order ON shipments (order_id);
    -- Refunds and disputes are kept by payment, since they may come before we know whose payment it is.
    CREATE TABLE IF NOT EXISTS refunds (
        payment_intent TEXT, amount INTEGER, currency TEXT, refunded INTEGER NOT NULL,
        PRIMARY KEY (payment_intent, amount, currency)
    ) STRICT;
    -- One by one: what has failed stays in the sum that charge.refunded told.
    CREATE TABLE IF NOT EXISTS single_refunds (
        id TEXT PRIMARY KEY, payment_intent TEXT NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL, failed INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS single_refunds_payment ON single_refunds (payment_intent);
    CREATE TABLE IF NOT EXISTS disputes (payment_intent TEXT PRIMARY KEY, status INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, type TEXT NOT NULL) STRICT;
");
