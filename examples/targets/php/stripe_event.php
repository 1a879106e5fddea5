<?php
// Verifies and reads a Stripe event: https://docs.stripe.com/webhooks#verify-manually
declare(strict_types=1);

const TOLERANCE = 300; // seconds, in either direction

final class Event
{
    /** @param array<string, mixed> $object */
    public function __construct(
        public readonly string $id,
        public readonly string $type,
        public readonly bool $livemode,
        public readonly array $object,
        public readonly ?string $intent,
    ) {
    }
}

/**
 * Throws unless any v1 of the header was made with any of the secrets, and not long ago.
 *
 * @param list<string> $secrets
 */
function verify(string $body, string $header, array $secrets): void
{
    $times = $signatures = [];
    foreach (explode(',', $header) as $part) {
        [$name, $value] = explode('=', trim($part), 2) + [1 => ''];
        if ($name === 't') {
            $times[] = $value;
        } elseif ($name === 'v1') {
            $signatures[] = $value;
        }
    }
    if (count($times) !== 1 || !preg_match('/^[0-9]{1,12}$/D', $times[0])) {
        throw new UnexpectedValueException('the signature has no time');
    }
    if (abs(time() - (int) $times[0]) > TOLERANCE) {
        throw new UnexpectedValueException('the signature\'s time is too far from now');
    }
    foreach ($secrets as $secret) {
        $expected = hash_hmac('sha256', "$times[0].$body", $secret);
        foreach ($signatures as $signature) {
            if (hash_equals($expected, $signature)) {
                return;
            }
        }
    }
    throw new UnexpectedValueException('no signature matches');
}

/** Reads what is used of an event, and throws if the body is none. */
function parse(string $body): Event
{
    $event = json_decode($body, true, 512, JSON_THROW_ON_ERROR);
    $object = $event['data']['object'] ?? null;
    if (!is_array($event) || !is_array($object) || !is_bool($event['livemode'] ?? null)) {
        throw new UnexpectedValueException('not an event');
    }
    $intent = $object['payment_intent'] ?? null;
    if (is_array($intent)) { // expanded
        $intent = $intent['id'] ?? false;
    }
    if (!isText($event['id'] ?? null) || !isText($event['type'] ?? null) || ($intent !== null && !isText($intent))) {
        throw new UnexpectedValueException('not an event');
    }
    return new Event($event['id'], $event['type'], $event['livemode'], $object, $intent);
}

/** Printable ASCII is what Stripe sends, and what every database can keep. */
function isText(mixed $value): bool
{
    return is_string($value) && preg_match('/^[!-~]{1,255}$/D', $value) === 1;
}
