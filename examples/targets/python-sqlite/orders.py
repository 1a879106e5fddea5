"""What events mean to orders. Nothing here depends on the order in which they come, or on how often."""

import contextlib
import logging
import re
import secrets
import sqlite3
import threading

AMOUNT, CURRENCY = 4500, "usd"
ORDER_ID = r"[A-Za-z0-9_-]{1,64}"

# In the order in which one takes the place of another. The database keeps the number, and the larger wins.
STATUSES = ["PENDING", "AWAITING_PAYMENT", "EXPIRED", "PAYMENT_FAILED", "PAID"]
DISPUTES = ["none", "open", "won", "lost"]
PAID = STATUSES.index("PAID")

QUEUE_TIMEOUT = 5  # seconds a delivery waits for its turn, and then
BUSY_TIMEOUT = 2  # for another process that has locked the file. Stripe gives up after some ten

SCHEMA = """
PRAGMA journal_mode = WAL;
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
"""

log = logging.getLogger("shop")


class NotThereYet(Exception):
    """An event has overtaken the order that it is about: Stripe is to come again."""


class Busy(Exception):
    """Others were before us for too long."""


class Orders:
    def __init__(self, path):
        self._path = path
        # SQLite lets one writer in, and those who wait poll. In our own process they can queue instead.
        self._turn = threading.Lock()
        self._writer = self._connect(check_same_thread=False)
        self._writer.executescript(SCHEMA)

    def _connect(self, **options):
        db = sqlite3.connect(self._path, timeout=BUSY_TIMEOUT, isolation_level=None, **options)
        db.execute("PRAGMA synchronous = FULL")  # an acknowledged event survives a power cut
        return db

    @contextlib.contextmanager
    def _transaction(self):
        """All of its block, or nothing."""
        if not self._turn.acquire(timeout=QUEUE_TIMEOUT):
            raise Busy
        try:
            self._writer.execute("BEGIN IMMEDIATE")  # the lock first: what is read then is true until the commit
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise
        finally:
            self._turn.release()

    @contextlib.contextmanager
    def _reader(self):
        with contextlib.closing(self._connect()) as db:  # in WAL mode readers wait for nobody
            yield db

    def ping(self):
        with self._reader() as db:
            db.execute("SELECT count(*) FROM orders LIMIT 1")

    def create(self, order_id):
        """Makes an order with its Checkout session, or answers None if the id is taken. A real shop would
        have Stripe make the session, with metadata.orderId set; its id is invented here."""
        session = "cs_test_" + secrets.token_hex(24)
        with self._transaction() as db:
            made = db.execute("INSERT INTO orders (id, session, amount, currency) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                              (order_id, session, AMOUNT, CURRENCY)).rowcount
        if made:
            return {"id": order_id, "reference": order_id, "stripeSessionId": session, "amount": AMOUNT, "currency": CURRENCY}

    def find(self, order_id):
        """What an order has come to. A refund is told by its own events and in the sum of its charge's, and either may be
        late: of the two sums, each without what has failed, the larger one knows more."""
        with self._reader() as db:
            row = db.execute(
                """SELECT o.status, o.amount, coalesce(r.refunded, 0), coalesce(d.status, 0),
                          (SELECT coalesce(sum(amount), 0) FROM single_refunds
                           WHERE (payment_intent, currency, failed) = (o.payment_intent, o.currency, 0)),
                          (SELECT coalesce(sum(amount), 0) FROM single_refunds
                           WHERE (payment_intent, currency, failed) = (o.payment_intent, o.currency, 1)),
                          (SELECT count(*) FROM shipments WHERE order_id = o.id)
                   FROM orders o
                   LEFT JOIN refunds r ON (r.payment_intent, r.amount, r.currency) = (o.payment_intent, o.amount, o.currency)
                   LEFT JOIN disputes d ON d.payment_intent = o.payment_intent
                   WHERE o.id = ?""", (order_id,)).fetchone()
        if row:
            status, amount, told_by_charge, dispute, made, failed, fulfilments = row
            refunded = max(made, told_by_charge - failed)
            return {"status": "REFUNDED" if refunded >= amount else STATUSES[status], "refundedAmount": refunded,
                    "dispute": DISPUTES[dispute], "fulfilments": fulfilments}

    def record(self, event, livemode):
        """Keeps an event and its effect, or neither, and tells whether it was new."""
        with self._transaction() as db:
            if not db.execute("INSERT INTO events (id, type) VALUES (?, ?) ON CONFLICT DO NOTHING", event[:2]).rowcount:
                return False
            if event.livemode == livemode:
                self._apply(db, event)
        return True

    def _apply(self, db, event):
        match event.type:
            case "checkout.session.completed" | "checkout.session.async_payment_succeeded":
                self._advance(db, event, _completed)
            case "checkout.session.async_payment_failed":
                self._advance(db, event, lambda *_: "PAYMENT_FAILED")
            case "checkout.session.expired":
                self._advance(db, event, lambda *_: "EXPIRED")
            case "charge.refunded" if event.intent:
                _refund(db, event)
            case "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated" if event.intent:
                _single_refund(db, event)
            case "charge.dispute.created" if event.intent:
                _dispute(db, event, "open")
            case "charge.dispute.closed" if event.intent:
                _dispute(db, event, "lost" if event.object.get("status") == "lost" else "won")

    def _advance(self, db, event, decide):
        """Moves the order that a session is about to the status that decide answers, but never back."""
        metadata = event.object.get("metadata")
        order_id = metadata.get("orderId") if isinstance(metadata, dict) else None
        if not isinstance(order_id, str) or not re.fullmatch(ORDER_ID, order_id):
            return  # not from this shop
        order = db.execute("SELECT amount, currency, status FROM orders WHERE id = ?", (order_id,)).fetchone()
        if order is None:
            raise NotThereYet(order_id)
        amount, currency, before = order
        status = decide(event, amount, currency)
        if status is None:
            return
        # The payment that was made: that of a try which failed, or of another session that expired, is never refunded.
        intent = event.intent if status == "PAID" else None
        db.execute("UPDATE orders SET status = max(status, ?), payment_intent = coalesce(payment_intent, ?) WHERE id = ?",
                   (STATUSES.index(status), intent, order_id))
        if status == "PAID" and before < PAID:  # once, whichever event brings the money
            db.execute("INSERT INTO shipments (order_id) VALUES (?)", (order_id,))


def _completed(event, amount, currency):
    payment, total = event.object.get("payment_status"), event.object.get("amount_total")
    if payment == "unpaid":
        return "AWAITING_PAYMENT"  # a slow method: async_payment_… will tell
    if event.object.get("currency") != currency:
        return _review(event, "another currency")
    if type(total) is int and ((payment == "paid" and total == amount)
                               or (payment == "no_payment_required" and total in (0, amount))):
        return "PAID"
    return _review(event, "another amount, or an unknown payment status")


def _refund(db, event):
    """amount_refunded is the sum of all refunds so far, so the largest one seen is the latest."""
    amount, refunded, currency = (event.object.get(name) for name in ("amount", "amount_refunded", "currency"))
    if type(amount) is not int or type(refunded) is not int or not 0 <= refunded <= amount < 2**53 \
            or not isinstance(currency, str) or not re.fullmatch("[a-z]{3}", currency):
        return _review(event, "unlikely amounts")
    db.execute("""INSERT INTO refunds (payment_intent, amount, currency, refunded) VALUES (?, ?, ?, ?)
                  ON CONFLICT DO UPDATE SET refunded = max(refunded, excluded.refunded)""",
               (event.intent, amount, currency, refunded))


def _single_refund(db, event):
    """One that is pending counts, as with Stripe. One that has failed, days later perhaps, does not, and never will again.
    charge.refund.updated is what older API versions have for refund.updated and refund.failed."""
    refund, amount, currency = (event.object.get(name) for name in ("id", "amount", "currency"))
    if type(amount) is not int or not 0 < amount < 2**53 or not isinstance(refund, str) or not isinstance(currency, str) \
            or not re.fullmatch("[A-Za-z0-9_]{1,255}", refund) or not re.fullmatch("[a-z]{3}", currency):
        return _review(event, "an unlikely refund")
    failed = event.object.get("status") in ("failed", "canceled")
    if failed:
        _review(event, "the customer still has to get the money")
    db.execute("""INSERT INTO single_refunds (id, payment_intent, amount, currency, failed) VALUES (?, ?, ?, ?, ?)
                  ON CONFLICT DO UPDATE SET failed = max(failed, excluded.failed)""",
               (refund, event.intent, amount, currency, failed))


def _dispute(db, event, status):
    db.execute("""INSERT INTO disputes (payment_intent, status) VALUES (?, ?)
                  ON CONFLICT DO UPDATE SET status = max(status, excluded.status)""",
               (event.intent, DISPUTES.index(status)))


def _review(event, why):
    """Leaves an event that no retry can mend to a person."""
    log.error("%s %s needs review: %s", event.id, event.type, why)
