"""An app whose users subscribe through Stripe Checkout: the HTTP side. Standard library only."""

import json
import logging
import os
import re
import signal
import sqlite3
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import stripe_event
from billing import USER_ID, Billing, Busy

MAX_BODY = 1 << 20
log = logging.getLogger("app")


class Counters:
    """Counts of deliveries since the process started."""

    def __init__(self):
        self._lock = threading.Lock()
        self._counts = {"processed": 0, "duplicate": 0, "error": 0}

    def add(self, outcome):
        with self._lock:
            self._counts[outcome] += 1

    def read(self):
        with self._lock:
            counts = dict(self._counts)
        return {"received": sum(counts.values()), "duplicates": counts["duplicate"], "errors": counts["error"]}


class App(ThreadingHTTPServer):
    request_queue_size = 128  # five, the default, would drop a burst's connections
    daemon_threads = True  # what is cut off at the end was not acknowledged, so Stripe comes again

    def __init__(self, port, billing, secrets, livemode):
        super().__init__(("", port), Handler)
        self.billing, self.secrets, self.livemode = billing, secrets, livemode
        self.counters = Counters()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "app", ""
    timeout = 30  # seconds a connection may be silent
    disable_nagle_algorithm = True

    def do_GET(self):
        try:
            if self.path == "/counters":
                self.answer(200, self.server.counters.read())
            elif self.path == "/ready":
                self.server.billing.ping()
                self.answer(200, {"status": "ready"})
            elif found := re.fullmatch(rf"/users/({USER_ID})", self.path):
                user = self.server.billing.find(found[1])
                self.answer(200, user) if user else self.answer(404, {"error": "no such user"})
            else:
                self.answer(404, {"error": "no such page"})
        except sqlite3.Error:
            log.exception("%s failed", self.path)
            self.answer(503, {"error": "try again later"})

    def do_POST(self):
        if self.path == "/webhooks/stripe":
            self.webhook()
        elif self.path == "/users":
            self.create_user()
        else:
            self.refuse(404, "no such page")

    def create_user(self):
        try:
            self.body()
            self.answer(201, {"id": self.server.billing.create()})
        except ValueError as reason:
            self.refuse(400, str(reason))
        except (sqlite3.Error, Busy):
            log.exception("a user could not be made")
            self.answer(503, {"error": "try again later"})

    def webhook(self):
        status, outcome = self.receive()
        self.server.counters.add(outcome)
        if status == 400:
            return self.refuse(400, "bad request")
        self.answer(status, {"received": status == 200})

    def receive(self):
        """Verifies, records and applies a delivery. It answers 200 only after the commit."""
        try:
            body = self.body()
            stripe_event.verify(body, self.headers.get("Stripe-Signature", ""), self.server.secrets)
            event = stripe_event.parse(body)
        except (ValueError, RecursionError, OSError) as reason:
            log.warning("webhook refused: %s", reason)  # for us, not for the caller
            return 400, "error"
        try:
            new = self.server.billing.record(event, self.server.livemode)
            return 200, "processed" if new else "duplicate"
        except Exception:  # whatever it is, Stripe is to come again
            log.exception("webhook %s %s failed", event.id, event.type)
            return 500, "error"

    def body(self):
        """The bytes as they came: the signature is over them."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MAX_BODY:
            if length.isdecimal():  # a sender that is cut off sees a reset instead of the answer, so some more is read
                self.rfile.read(min(int(length), 2 * MAX_BODY))
            raise ValueError(f"a body of {length or 'unknown'} bytes")
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise ValueError("the body was cut off")
        return body

    def refuse(self, status, why):
        self.close_connection = True  # some of the body may still be on its way
        self.answer(status, {"error": why})

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
    app = App(int(port), Billing(database), secrets, environ.get("STRIPE_LIVEMODE") == "true")
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=app.shutdown).start())
    log.info("listening on port %s", port)
    app.serve_forever(poll_interval=0.1)


if __name__ == "__main__":
    main(os.environ)
