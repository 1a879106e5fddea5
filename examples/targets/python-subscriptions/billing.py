"""What events mean to users. Nothing here depends on the order in which they come, or on how often."""

import contextlib
import logging
import re
import sqlite3
import threading
import uuid

from stripe_event import dig, id_of, members, period_lines, subscription_of

# What is sold, by Stripe's price: the plan, and the credits that each paid period brings.
PLANS = {"price_pro_monthly": ("pro", 100), "price_team_monthly": ("team", 300)}
USER_ID = r"[A-Za-z0-9_-]{1,64}"

# Stripe makes a renewal's invoice at the period's end and takes the money an hour later, so that a payer would be
# locked out meanwhile. What has been ended has no such grace.
GRACE = 24 * 3600

QUEUE_TIMEOUT = 5  # seconds a delivery waits for its turn, and then
BUSY_TIMEOUT = 2  # for another process that has locked the file. Stripe gives up after some ten

SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS users (
    id TEXT PRIMARY KEY, customer TEXT UNIQUE,
    plan TEXT NOT NULL DEFAULT 'free', credits INTEGER NOT NULL DEFAULT 0,
    paid_until INTEGER, access_until INTEGER,
    subscription TEXT,                           -- the latest one,
    subscription_created INTEGER NOT NULL DEFAULT 0,
    told INTEGER NOT NULL DEFAULT 0              -- and when the event was made that says its plan
) STRICT;
-- Each invoice that was paid for a period, once, whichever event says so.
CREATE TABLE IF NOT EXISTS payments (
    invoice TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users, subscription TEXT NOT NULL,
    period_end INTEGER NOT NULL, credits INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS payments_user ON payments (user_id);
-- Ends are kept, since an invoice or an update of the subscription may come later.
CREATE TABLE IF NOT EXISTS endings (subscription TEXT PRIMARY KEY, ended_at INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, type TEXT NOT NULL) STRICT;
"""

# Access lasts as long as the best of the user's subscriptions: to the end of what was paid, or of the subscription.
RECKON = """
UPDATE users SET (paid_until, access_until) = (
    SELECT max(min(p.period_end, coalesce(e.ended_at, p.period_end))),
           max(min(p.period_end + :grace, coalesce(e.ended_at, p.period_end + :grace)))
    FROM payments p LEFT JOIN endings e ON e.subscription = p.subscription
    WHERE p.user_id = :user)
WHERE id = :user
"""

log = logging.getLogger("app")


class Busy(Exception):
    """Others were before us for too long."""


class Billing:
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
            db.execute("SELECT count(*) FROM users LIMIT 1")

    def create(self):
        """Makes a user and answers the id. A Checkout session for the user has it as client_reference_id and as
        metadata.user_id of its subscription_data, so that no event of ours comes before the user is there."""
        user_id = str(uuid.uuid4())
        with self._transaction() as db:
            db.execute("INSERT INTO users (id) VALUES (?)", (user_id,))
        return user_id

    def find(self, user_id):
        with self._reader() as db:
            db.row_factory = sqlite3.Row
            row = db.execute("""SELECT plan, credits, subscription, strftime('%Y-%m-%dT%H:%M:%SZ', paid_until, 'unixepoch') AS paidUntil,
                                       coalesce(access_until > unixepoch(), false) AS access
                                FROM users WHERE id = ?""", (user_id,)).fetchone()
        return {**row, "access": bool(row["access"])} if row else None

    def record(self, event, livemode):
        """Keeps an event and its effect, or neither, and tells whether it was new."""
        with self._transaction() as db:
            if not db.execute("INSERT INTO events (id, type) VALUES (?, ?) ON CONFLICT DO NOTHING", event[:2]).rowcount:
                return False
            # What a connected account says of its own customers is no matter of ours, whatever names it uses.
            if event.livemode == livemode and event.account is None:
                self._apply(db, event)
        return True

    def _apply(self, db, event):
        match event.type:
            case "checkout.session.completed":
                _checked_out(db, event.object)
            case "invoice.paid" | "invoice.payment_succeeded":
                _paid(db, event.object)
            case "customer.subscription.created" | "customer.subscription.updated" | "customer.subscription.deleted":
                _subscribed(db, event)


def _user(db, customer, *names):
    """The user whom one of the names (of metadata, or a reference) or else the customer belongs to, and whether a name
    said so. (None, False) is nobody of ours."""
    for name in names:
        if isinstance(name, str) and re.fullmatch(USER_ID, name) and db.execute("SELECT 1 FROM users WHERE id = ?", (name,)).fetchone():
            if customer:  # Checkout has made it
                db.execute("UPDATE OR IGNORE users SET customer = ? WHERE id = ? AND customer IS NULL", (customer, name))
            return name, True
    row = db.execute("SELECT id FROM users WHERE customer = ?", (customer,)).fetchone()
    return (row[0], False) if row else (None, False)


def _checked_out(db, session):
    """Learns whose the customer is. What was bought, and whether it is paid, other events say."""
    if session.get("mode") == "subscription":
        _user(db, id_of(session.get("customer")), session.get("client_reference_id"), dig(session, "metadata", "user_id"))


def _paid(db, invoice):
    subscription, metadata = subscription_of(invoice)
    invoice_id = id_of(invoice)
    user, named = _user(db, id_of(invoice.get("customer")), dig(metadata, "user_id"))
    if not subscription or not invoice_id or not user:
        return  # made by hand, or not from here
    lines = period_lines(invoice)
    known = [line for line in lines if line.price in PLANS]
    if lines and not known and named:
        log.error("invoice %s needs review: no price of it is in PLANS", invoice_id)  # who has paid is let in
    known = known or (lines if named else [])
    if not known:
        return  # a proration, or another product of the same customer
    line = max(known, key=lambda line: line.period_end)
    # A period brings credits when it begins, for whoever pays for it, be it with a voucher. A trial costs nothing.
    begins = invoice.get("billing_reason") in ("subscription_create", "subscription_cycle")
    _, credits = PLANS.get(line.price, (None, 0))
    if not begins or line.amount <= 0:
        credits = 0
    new = db.execute("INSERT INTO payments (invoice, user_id, subscription, period_end, credits) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                     (invoice_id, user, subscription, line.period_end, credits)).rowcount
    if new:
        db.execute("UPDATE users SET credits = credits + ? WHERE id = ?", (credits, user))
        db.execute(RECKON, {"user": user, "grace": GRACE})


def _subscribed(db, event):
    subscription, subscription_id = event.object, id_of(event.object)
    user, named = _user(db, id_of(subscription.get("customer")), dig(subscription, "metadata", "user_id"))
    plans = [PLANS[price][0] for item in members(subscription.get("items")) if (price := id_of(item.get("price"))) in PLANS]
    if not subscription_id or not user or not (named or plans):
        return  # not from here, or another product of the same customer
    ended_at = subscription.get("ended_at")
    if event.type == "customer.subscription.deleted" and type(ended_at) is not int:
        ended_at = event.created
    if type(ended_at) is int:
        db.execute("INSERT INTO endings (subscription, ended_at) VALUES (?, ?) ON CONFLICT DO NOTHING", (subscription_id, ended_at))
        db.execute(RECKON, {"user": user, "grace": GRACE})
    if not plans:
        log.error("subscription %s needs review: no price of it is in PLANS", subscription_id)  # the plan stays
        return
    if subscription.get("status") in ("incomplete", "incomplete_expired"):
        return  # bought only when it is paid; until then another one may be the user's
    # The latest word on the latest subscription wins. A creation is older than an update of the same second.
    told = 2 * event.created + (event.type != "customer.subscription.created")
    created = subscription.get("created") if type(subscription.get("created")) is int else 0
    db.execute("""UPDATE users SET plan = ?, subscription = ?, subscription_created = ?, told = ?
                  WHERE id = ? AND (subscription_created, coalesce(subscription, ''), told) <= (?, ?, ?)""",
               (plans[0], subscription_id, created, told, user, created, subscription_id, told))
