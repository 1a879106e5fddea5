"""An app that writes invoices by Stripe Invoicing, and does its work when they are paid. Standard library only."""

import contextlib
import hashlib
import hmac
import json
import logging
import os
import re
import signal
import sqlite3
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MAX_BODY = 1 << 20
TOLERANCE = 300  # seconds that a signature may be old, or ahead
PRICE, CURRENCY = 4900, "usd"
ORDER_ID = r"[A-Za-z0-9_-]{1,64}"
RANK = {"invoice.sent": ("sent", 1), "invoice.paid": ("paid", 2), "invoice.voided": ("void", 2)}

SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY, status TEXT NOT NULL DEFAULT 'open', rank INTEGER NOT NULL DEFAULT 0, jobs INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY) STRICT;
"""

log = logging.getLogger("invoices")


class Orders:
    def __init__(self, path):
        self._path, self._turn = path, threading.Lock()  # SQLite has one writer; others queue here instead of polling
        self._writer = self._connect(check_same_thread=False)
        self._writer.executescript(SCHEMA)

    def _connect(self, **options):
        db = sqlite3.connect(self._path, timeout=2, isolation_level=None, **options)
        db.execute("PRAGMA synchronous = FULL")  # an acknowledged event survives a power cut
        return db

    @contextlib.contextmanager
    def _transaction(self):
        if not self._turn.acquire(timeout=5):
            raise TimeoutError("others were before us for too long")
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

    def create(self, order_id):
        with self._transaction() as db:
            db.execute("INSERT INTO orders (id) VALUES (?)", (order_id,))

    def find(self, order_id):
        with contextlib.closing(self._connect()) as db:  # in WAL mode readers wait for nobody
            row = db.execute("SELECT status, jobs FROM orders WHERE id = ?", (order_id,)).fetchone()
        return {"id": order_id, "amount": PRICE, "status": row[0], "jobs": row[1]} if row else None

    def record(self, event, livemode):
        """Keeps an event and its effect, or neither, and tells whether it was new."""
        with self._transaction() as db:
            if not db.execute("INSERT INTO events (id) VALUES (?) ON CONFLICT DO NOTHING", (event["id"],)).rowcount:
                return False
            if event["type"] in RANK and event["livemode"] == livemode and "account" not in event:
                self._apply(db, event["data"]["object"], *RANK[event["type"]])
        return True

    def _apply(self, db, invoice, status, rank):
        metadata = invoice.get("metadata")
        order_id = metadata.get("order_id") if isinstance(metadata, dict) else None
        if not isinstance(order_id, str) or not re.fullmatch(ORDER_ID, order_id):
            return  # not written by us
        if (invoice.get("amount_due"), invoice.get("currency")) != (PRICE, CURRENCY):
            log.error("invoice %s of order %s needs review: it is not about our price", invoice.get("id"), order_id)
            return
        if not db.execute("SELECT 1 FROM orders WHERE id = ?", (order_id,)).fetchone():
            raise LookupError(f"order {order_id} is not there yet")  # Stripe comes again
        # A status only rises, so neither order nor repetition of the events matters. The work is ordered when it becomes paid.
        db.execute("UPDATE orders SET status = ?, rank = ?, jobs = jobs + (? = 'paid') WHERE id = ? AND rank < ?", (status, rank, status, order_id, rank))


def verify(body, header, secrets):
    """Raises ValueError unless any v1 of the header was made with any of the secrets, and not long ago."""
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    if len(times) != 1 or not re.fullmatch("[0-9]{1,12}", times[0]) or abs(time.time() - int(times[0])) > TOLERANCE:
        raise ValueError("the signature has no time, or one that is too far from now")
    for secret in secrets:
        expected = hmac.new(secret.encode(), times[0].encode() + b"." + body, hashlib.sha256).hexdigest().encode()
        if any(name == "v1" and hmac.compare_digest(expected, value.encode("latin-1")) for name, _, value in pairs):
            return
    raise ValueError("no signature matches")


def parse(body):
    """Reads an event. It raises ValueError if the body is none."""
    event = json.loads(body.decode("utf-8"))
    if not isinstance(event, dict) or not isinstance(event.get("livemode"), bool) or not isinstance(event.get("data"), dict) \
            or not isinstance(event["data"].get("object"), dict):
        raise ValueError("not an event")
    for name in ("id", "type"):
        if not isinstance(event.get(name), str) or not re.fullmatch("[!-~]{1,255}", event[name]):
            raise ValueError(f"not an event: {name}")
    return event


class Counters:
    """Counts of deliveries since the process started."""

    def __init__(self):
        self._lock, self._counts = threading.Lock(), {"processed": 0, "duplicate": 0, "error": 0}

    def add(self, outcome):
        with self._lock:
            self._counts[outcome] += 1

    def read(self):
        with self._lock:
            return {"received": sum(self._counts.values()), "duplicates": self._counts["duplicate"], "errors": self._counts["error"]}


class App(ThreadingHTTPServer):
    request_queue_size = 128  # five, the default, would drop a burst's connections
    daemon_threads = True  # what is cut off at the end was not acknowledged, so Stripe comes again

    def __init__(self, port, orders, secrets, livemode):
        super().__init__(("", port), Handler)
        self.orders, self.secrets, self.livemode, self.counters = orders, secrets, livemode, Counters()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "invoices", ""
    timeout = 30  # seconds a connection may be silent
    disable_nagle_algorithm = True

    def do_GET(self):
        try:
            if self.path == "/ready":
                self.answer(200, {"status": "ready"})
            elif self.path == "/counters":
                self.answer(200, self.server.counters.read())
            elif (found := re.fullmatch(rf"/orders/({ORDER_ID})", self.path)) and (order := self.server.orders.find(found[1])):
                self.answer(200, order)
            else:
                self.answer(404, {"error": "not found"})
        except sqlite3.Error:
            log.exception("%s failed", self.path)
            self.answer(503, {"error": "try again later"})

    def do_POST(self):
        if self.path == "/webhooks/stripe":
            status, outcome = self.receive()
            self.server.counters.add(outcome)
            self.answer(status, {})
        elif self.path == "/orders":
            self.create_order()
        else:
            self.close_connection = True  # its body is not read
            self.answer(404, {"error": "not found"})

    def create_order(self):
        """Makes an order. Its invoice at Stripe has the order's id as metadata.order_id."""
        try:
            order_id = json.loads(self.body() or b"{}").get("id") or str(uuid.uuid4())
            self.server.orders.create(order_id)
            self.answer(201, self.server.orders.find(order_id))
        except (ValueError, AttributeError, sqlite3.IntegrityError) as reason:
            self.answer(400, {"error": str(reason)})
        except (sqlite3.Error, TimeoutError):
            log.exception("an order could not be made")
            self.answer(503, {"error": "try again later"})

    def receive(self):
        """Verifies, records and applies a delivery. It answers 200 only after the commit."""
        try:
            body = self.body()
            verify(body, self.headers.get("Stripe-Signature", ""), self.server.secrets)
            event = parse(body)
        except (ValueError, RecursionError, OSError) as reason:
            log.warning("webhook refused: %s", reason)  # for us, not for the caller
            self.close_connection = True
            return 400, "error"
        try:
            return 200, "processed" if self.server.orders.record(event, self.server.livemode) else "duplicate"
        except Exception:  # whatever it is, Stripe is to come again
            log.exception("webhook %s %s failed", event["id"], event["type"])
            return 500, "error"

    def body(self):
        """The bytes as they came: the signature is over them."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MAX_BODY:
            self.rfile.read(min(int(length), 2 * MAX_BODY) if length.isdecimal() else 0)  # else a reset hides the answer
            raise ValueError(f"a body of {length or 'unknown'} bytes")
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise ValueError("the body was cut off")
        return body

    def answer(self, status, document):
        text = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args):
        """No line a request: deliveries that matter are logged above."""


def main(environ):
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    secrets = environ.get("STRIPE_WEBHOOK_SECRET", "").split(",")  # more than one while they are rotated
    port, database = environ.get("PORT"), environ.get("DATABASE")
    if not port or not database or not all(secret.strip() for secret in secrets):
        sys.exit("PORT, DATABASE (a file) and STRIPE_WEBHOOK_SECRET (comma separated, no part empty) are required")
    app = App(int(port), Orders(database), secrets, environ.get("STRIPE_LIVEMODE") == "true")
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=app.shutdown).start())
    log.info("listening on port %s", port)
    app.serve_forever(poll_interval=0.1)


if __name__ == "__main__":
    main(os.environ)
