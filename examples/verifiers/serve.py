"""An endpoint around the verification of verify.py, for the signature vectors: python3 examples/verifiers/serve.py PORT

Its tolerance is a century, since the vectors are old: it is for the vectors, and for nothing else.
"""
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from verify import verify

SECRETS = ["whsec_aG9va3Byb29mLXZlY3RvcnM="]
CENTURY = 100 * 366 * 24 * 3600


class Endpoint(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        good = verify(self.headers.get("Stripe-Signature"), body, SECRETS, time.time(), CENTURY)
        if good:
            try:
                good = isinstance(json.loads(body), dict)
            except ValueError:
                good = False
        self.send_response(200 if good else 400)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Endpoint).serve_forever()
