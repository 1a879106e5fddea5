<?php
// What events mean to orders. Nothing here depends on the order in which they come, or on how often.
declare(strict_types=1);

const ORDER_ID = '[A-Za-z0-9_-]{1,64}';
const AMOUNT = 4500;
const CURRENCY = 'usd';

// In the order in which one takes the place of another. The database keeps the number, and the larger wins.
const STATUSES = ['PENDING', 'AWAITING_PAYMENT', 'EXPIRED', 'PAYMENT_FAILED', 'PAID'];
const DISPUTES = ['none', 'open', 'won', 'lost'];

/** An event has overtaken the order that it is about: Stripe is to come again. */
final class NotThereYet extends RuntimeException
{
}

/** A connection of this request's own, so that there is none to recover after a failure. */
function database(): PDO
{
    static $db;
    if ($db === null) {
        $db = new PDO('sqlite:' . getenv('DATABASE'), options: [
            PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
            PDO::ATTR_TIMEOUT => 2, // seconds to wait for another writer: callers queue behind us, and Stripe gives up after some ten
            PDO::SQLITE_ATTR_OPEN_FLAGS => PDO::SQLITE_OPEN_READWRITE, // a missing file is no empty shop
        ]);
    }
    return $db;
}

/**
 * Makes an order with its Checkout session, or answers null if the id is taken. A real shop would have
 * Stripe make the session, with metadata.orderId set; its id is invented here.
 *
 * @return ?array<string, mixed>
 */
function create(PDO $db, string $id): ?array
{
    $session = 'cs_test_' . bin2hex(random_bytes(24));
    // SQLite's writers have no queue: each looks now and then, and one may come last many times. A customer can wait.
    $db->setAttribute(PDO::ATTR_TIMEOUT, 8);
    $made = run($db, 'INSERT INTO orders (id, session, amount, currency) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
        [$id, $session, AMOUNT, CURRENCY])->rowCount();
    return $made ? ['id' => $id, 'reference' => $id, 'stripeSessionId' => $session, 'amount' => AMOUNT, 'currency' => CURRENCY] : null;
}

/**
 * What an order has come to. A refund is told by its own events and in the sum of its charge's, and either may be late: of
 * the two sums, each without what has failed, the larger one knows more.
 *
 * @return ?array<string, mixed>
 */
function find(PDO $db, string $id): ?array
{
    $row = run($db,
        'SELECT o.status, o.amount, coalesce(r.refunded, 0) AS told_by_charge, coalesce(d.status, 0) AS dispute,
                (SELECT coalesce(sum(amount), 0) FROM single_refunds
                 WHERE (payment_intent, currency, failed) = (o.payment_intent, o.currency, 0)) AS made,
                (SELECT coalesce(sum(amount), 0) FROM single_refunds
                 WHERE (payment_intent, currency, failed) = (o.payment_intent, o.currency, 1)) AS failed,
                (SELECT count(*) FROM shipments WHERE order_id = o.id) AS fulfilments
         FROM orders o
         LEFT JOIN refunds r ON (r.payment_intent, r.amount, r.currency) = (o.payment_intent, o.amount, o.currency)
         LEFT JOIN disputes d ON d.payment_intent = o.payment_intent
         WHERE o.id = ?', [$id])->fetch(PDO::FETCH_ASSOC);
    if (!$row) {
        return null;
    }
    $refunded = max($row['made'], $row['told_by_charge'] - $row['failed']);
    return [
        'status' => $refunded >= $row['amount'] ? 'REFUNDED' : STATUSES[$row['status']],
        'refundedAmount' => $refunded,
        'dispute' => DISPUTES[$row['dispute']],
        'fulfilments' => $row['fulfilments'],
    ];
}

/** Keeps an event and its effect, or neither, and tells whether it was new. */
function record(PDO $db, Event $event, bool $livemode): bool
{
    $db->exec('BEGIN IMMEDIATE'); // the lock first: what is read then is true until the commit
    try {
        $new = run($db, 'INSERT INTO events (id, type) VALUES (?, ?) ON CONFLICT DO NOTHING', [$event->id, $event->type])->rowCount() > 0;
        if ($new && $event->livemode === $livemode) {
            apply($db, $event);
        }
        $db->exec('COMMIT');
        return $new;
    } catch (Throwable $failure) {
        $db->exec('ROLLBACK');
        throw $failure;
    }
}

function apply(PDO $db, Event $event): void
{
    match ($event->type) {
        'checkout.session.completed', 'checkout.session.async_payment_succeeded' => advance($db, $event, completed(...)),
        'checkout.session.async_payment_failed' => advance($db, $event, fn () => 'PAYMENT_FAILED'),
        'checkout.session.expired' => advance($db, $event, fn () => 'EXPIRED'),
        'charge.refunded' => refund($db, $event),
        'refund.created', 'refund.updated', 'refund.failed' => singleRefund($db, $event),
        'charge.refund.updated' => singleRefund($db, $event), // what older API versions have for the last two
        'charge.dispute.created' => dispute($db, $event, 'open'),
        'charge.dispute.closed' => dispute($db, $event, ($event->object['status'] ?? '') === 'lost' ? 'lost' : 'won'),
        default => null,
    };
}

/** Moves the order that a session is about to the status that $decide answers, but never back. */
function advance(PDO $db, Event $event, callable $decide): void
{
    $id = $event->object['metadata']['orderId'] ?? null;
    if (!is_string($id) || !preg_match('/^' . ORDER_ID . '$/D', $id)) {
        return; // not from this shop
    }
    $order = run($db, 'SELECT amount, currency, status FROM orders WHERE id = ?', [$id])->fetch(PDO::FETCH_ASSOC);
    if (!$order) {
        throw new NotThereYet("order $id is not there yet");
    }
    $status = $decide($event, $order);
    if ($status === null) {
        return;
    }
    $rank = array_search($status, STATUSES, true);
    // The payment that was made: that of a try which failed, or of another session that expired, is never refunded.
    $intent = $status === 'PAID' ? $event->intent : null;
    run($db, 'UPDATE orders SET status = max(status, ?), payment_intent = coalesce(payment_intent, ?) WHERE id = ?',
        [$rank, $intent, $id]);
    if ($status === 'PAID' && $order['status'] < $rank) { // once, whichever event brings the money
        run($db, 'INSERT INTO shipments (order_id) VALUES (?)', [$id]);
    }
}

/** @param array<string, mixed> $order */
function completed(Event $event, array $order): ?string
{
    ['payment_status' => $payment, 'amount_total' => $total, 'currency' => $currency]
        = $event->object + ['payment_status' => null, 'amount_total' => null, 'currency' => null];
    if ($payment === 'unpaid') {
        return 'AWAITING_PAYMENT'; // a slow method: async_payment_… will tell
    }
    $settled = $total === $order['amount'] || ($payment === 'no_payment_required' && $total === 0);
    if (!in_array($payment, ['paid', 'no_payment_required'], true) || !$settled || $currency !== $order['currency']) {
        return review($event, 'another amount or currency, or an unknown payment status');
    }
    return 'PAID';
}

/** amount_refunded is the sum of all refunds so far, so the largest one seen is the latest. */
function refund(PDO $db, Event $event): void
{
    ['amount' => $amount, 'amount_refunded' => $refunded, 'currency' => $currency]
        = $event->object + ['amount' => null, 'amount_refunded' => null, 'currency' => null];
    if ($event->intent === null) {
        return;
    }
    if (!is_int($amount) || !is_int($refunded) || !is_string($currency) || $refunded < 0 || $refunded > $amount
        || !preg_match('/^[a-z]{3}$/D', $currency)) {
        review($event, 'unlikely amounts');
        return;
    }
    run($db, 'INSERT INTO refunds (payment_intent, amount, currency, refunded) VALUES (?, ?, ?, ?)
              ON CONFLICT DO UPDATE SET refunded = max(refunded, excluded.refunded)',
        [$event->intent, $amount, $currency, $refunded]);
}

/** One that is pending counts, as with Stripe. One that has failed, days later perhaps, does not, and never will again. */
function singleRefund(PDO $db, Event $event): void
{
    ['id' => $id, 'amount' => $amount, 'currency' => $currency, 'status' => $status]
        = $event->object + ['id' => null, 'amount' => null, 'currency' => null, 'status' => null];
    if ($event->intent === null) {
        return;
    }
    if (!isText($id) || !is_int($amount) || $amount <= 0 || !is_string($currency) || !preg_match('/^[a-z]{3}$/D', $currency)) {
        review($event, 'an unlikely refund');
        return;
    }
    $failed = in_array($status, ['failed', 'canceled'], true);
    if ($failed) {
        review($event, 'the customer still has to get the money');
    }
    run($db, 'INSERT INTO single_refunds (id, payment_intent, amount, currency, failed) VALUES (?, ?, ?, ?, ?)
              ON CONFLICT DO UPDATE SET failed = max(failed, excluded.failed)',
        [$id, $event->intent, $amount, $currency, (int) $failed]);
}

function dispute(PDO $db, Event $event, string $status): void
{
    if ($event->intent !== null) {
        run($db, 'INSERT INTO disputes (payment_intent, status) VALUES (?, ?)
                  ON CONFLICT DO UPDATE SET status = max(status, excluded.status)',
            [$event->intent, array_search($status, DISPUTES, true)]);
    }
}

/** Leaves an event that no retry can mend to a person. */
function review(Event $event, string $why): null
{
    error_log("$event->id $event->type needs review: $why");
    return null;
}

/** @param list<int|string|null> $values */
function run(PDO $db, string $sql, array $values): PDOStatement
{
    $statement = $db->prepare($sql);
    foreach ($values as $i => $value) {
        $statement->bindValue($i + 1, $value, is_int($value) ? PDO::PARAM_INT : ($value === null ? PDO::PARAM_NULL : PDO::PARAM_STR));
    }
    $statement->execute();
    return $statement;
}
