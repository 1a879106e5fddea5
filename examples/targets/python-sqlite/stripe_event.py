"""Verifies and reads a Stripe event: https://docs.stripe.com/webhooks#verify-manually"""

import hashlib
import hmac
import json
import re
import time
from typing import NamedTuple

TOLERANCE = 300  # seconds, in either direction


class Event(NamedTuple):
    id: str
    type: str
    livemode: bool
    object: dict
    intent: str | None


def verify(body, header, secrets):
    """Raises ValueError unless any v1 of the header was made with any of the secrets, and not long ago."""
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    signatures = [value.encode("latin-1") for name, _, value in pairs if name == "v1"]
    if len(times) != 1 or not re.fullmatch("[0-9]{1,12}", times[0]):
        raise ValueError("the signature has no time")
    if abs(time.time() - int(times[0])) > TOLERANCE:
        raise ValueError("the signature's time is too far from now")
    for secret in secrets:
        expected = hmac.new(secret.encode(), times[0].encode() + b"." + body, hashlib.sha256).hexdigest().encode()
        if any(hmac.compare_digest(expected, signature) for signature in signatures):
            return
    raise ValueError("no signature matches")


def parse(body):
    """Reads what is used of an event. It raises ValueError if the body is none."""
    event = json.loads(body.decode("utf-8"))  # of bytes json.loads would guess the encoding
    if not isinstance(event, dict):
        raise ValueError("not an event")
    data = event.get("data")
    stripe_object = data.get("object") if isinstance(data, dict) else None
    if not isinstance(stripe_object, dict) or not isinstance(event.get("livemode"), bool):
        raise ValueError("not an event")
    intent = stripe_object.get("payment_intent")
    if isinstance(intent, dict):  # expanded
        intent = intent.get("id")
    if intent is not None:
        _check_text("payment_intent", intent)
    _check_text("id", event.get("id"))
    _check_text("type", event.get("type"))
    return Event(event["id"], event["type"], event["livemode"], stripe_object, intent)


def _check_text(name, value):
    # Printable ASCII is what Stripe sends, and what every database can keep.
    if not isinstance(value, str) or not re.fullmatch("[!-~]{1,255}", value):
        raise ValueError(f"not an event: {name}")
