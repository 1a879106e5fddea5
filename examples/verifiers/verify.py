"""A verification of Stripe-Signature, asked about the signature vectors:

    hookproof vectors --exec python3 examples/verifiers/verify.py

Put a call of your own verification in the place of verify. Standard library only.
"""
import base64
import hashlib
import hmac
import json
import sys


def verify(header, body, secrets, now, tolerance):
    """Whether one of the secrets has signed these bytes, no longer ago than the tolerance, in seconds."""
    pairs = [part.partition("=")[::2] for part in (header or "").split(",")]
    times = [value for name, value in pairs if name == "t"]
    signatures = [value for name, value in pairs if name == "v1"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit()):
        return False
    if abs(now - int(times[0])) > tolerance:
        return False
    signed = times[0].encode() + b"." + body
    for secret in secrets:
        if not secret.strip():
            continue  # anybody can sign with no secret
        expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        if any(hmac.compare_digest(expected.encode(), s.encode()) for s in signatures):
            return True
    return False


if __name__ == "__main__":
    for line in sys.stdin:
        v = json.loads(line)
        now = v["now"] + v["nowMillis"] / 1000
        good = verify(v["header"], base64.b64decode(v["body"]), v["secrets"] or [], now, v["tolerance"])
        print("accept" if good else "refuse", flush=True)
