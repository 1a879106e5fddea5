"""Verifies and reads a Stripe event, in the shape of any API version: https://docs.stripe.com/webhooks#verify-manually"""

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
    created: int
    livemode: bool
    account: str | None  # whose event it is, if another account's (Connect)
    object: dict


class Line(NamedTuple):
    price: str | None
    amount: int  # before discounts
    period_end: int


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
    """Reads an event. It raises ValueError if the body is none."""
    event = json.loads(body.decode("utf-8"))  # of bytes json.loads would guess the encoding
    if not isinstance(event, dict) or not isinstance(dig(event, "data", "object"), dict) \
            or not isinstance(event.get("livemode"), bool) or type(event.get("created")) is not int:
        raise ValueError("not an event")
    for name in ("id", "type"):  # printable ASCII is what Stripe sends, and what every database can keep
        if not isinstance(event.get(name), str) or not re.fullmatch("[!-~]{1,255}", event[name]):
            raise ValueError(f"not an event: {name}")
    return Event(event["id"], event["type"], event["created"], event["livemode"], event.get("account"), event["data"]["object"])


def dig(value, *path):
    """The value at the end of a path of names, or None where there is no such place."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def id_of(value):
    """An object's id, whether the object is expanded or not."""
    value = dig(value, "id") if isinstance(value, dict) else value
    return value if isinstance(value, str) and value else None


def members(value):
    """The objects of a list of Stripe's."""
    found = dig(value, "data")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def subscription_of(invoice):
    """The subscription that an invoice is for, and its metadata: (None, None) for one that was made by hand."""
    parent = dig(invoice, "parent", "subscription_details")  # since 2025-03-31.basil
    if parent:
        return id_of(dig(parent, "subscription")), dig(parent, "metadata")
    return id_of(dig(invoice, "subscription")), dig(invoice, "subscription_details", "metadata")


def period_lines(invoice):
    """The lines of an invoice that charge for a period of the subscription. A proration's period is only what is left
    of one, and the invoice's own period_end is when the invoice was made, so neither says what has been paid for."""
    lines = []
    for line in members(invoice.get("lines")):
        details = dig(line, "parent", "subscription_item_details")  # since 2025-03-31.basil
        recurring = bool(details) or line.get("type") == "subscription"
        proration = dig(details, "proration") or line.get("proration")
        end, amount = dig(line, "period", "end"), line.get("amount")
        if recurring and not proration and type(end) is int and type(amount) is int:
            price = id_of(dig(line, "pricing", "price_details", "price")) or id_of(line.get("price"))
            lines.append(Line(price, amount, end))
    return lines
