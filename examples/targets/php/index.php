<?php
// A small shop with one product, sold through Stripe Checkout: the HTTP side. Plain PHP with PDO and SQLite.
declare(strict_types=1);

require __DIR__ . '/stripe_event.php';
require __DIR__ . '/orders.php';

ini_set('display_errors', '0'); // a caller learns nothing from our failures

const MAX_BODY = 1 << 20;

[$path] = explode('?', $_SERVER['REQUEST_URI']);
try {
    match (true) {
        $path === '/webhooks/stripe' => only('POST') && webhook(),
        $path === '/orders' => only('POST') && makeOrder(),
        $path === '/counters' => answer(200, counters()),
        $path === '/ready' => answer(200, ['status' => database()->query('SELECT 1 FROM orders LIMIT 1') ? 'ready' : '']),
        preg_match('~^/orders/(' . ORDER_ID . ')$~D', $path, $found) === 1 => showOrder($found[1]),
        default => answer(404, ['error' => 'no such page']),
    };
} catch (Throwable $failure) {
    error_log("$path failed: $failure");
    answer(503, ['error' => 'try again later']);
}

function webhook(): void
{
    try {
        $body = file_get_contents('php://input', length: MAX_BODY + 1); // the signature is over these very bytes
        if (strlen($body) > MAX_BODY || strlen($body) !== (int) ($_SERVER['CONTENT_LENGTH'] ?? strlen($body))) {
            throw new UnexpectedValueException('the body is too large, or was cut off');
        }
        verify($body, $_SERVER['HTTP_STRIPE_SIGNATURE'] ?? '', secrets());
        $event = parse($body);
    } catch (UnexpectedValueException | JsonException $reason) {
        count_as('errors');
        error_log('webhook refused: ' . $reason->getMessage()); // for us, not for the caller
        answer(400, ['error' => 'bad request']);
        return;
    }
    try {
        $new = record(database(), $event, getenv('STRIPE_LIVEMODE') === 'true');
    } catch (Throwable $failure) {
        count_as('errors');
        error_log("webhook $event->id $event->type failed: " . $failure->getMessage());
        answer(500, ['error' => 'try again later']);
        return;
    }
    count_as($new ? 'processed' : 'duplicates');
    answer(200, ['received' => true]); // after the commit, never before
}

function makeOrder(): void
{
    $asked = json_decode(file_get_contents('php://input') ?: '{}', true);
    $id = is_array($asked) ? $asked['reference'] ?? bin2hex(random_bytes(16)) : null;
    if (!is_string($id) || !preg_match('/^' . ORDER_ID . '$/D', $id)) {
        answer(400, ['error' => 'the body must be a JSON object; reference is 1 to 64 letters, digits, - or _']);
        return;
    }
    $order = create(database(), $id);
    $order ? answer(201, $order) : answer(409, ['error' => 'there is such an order already']);
}

function showOrder(string $id): void
{
    $order = find(database(), $id);
    $order ? answer(200, $order) : answer(404, ['error' => 'no such order']);
}

/** More than one while they are rotated. @return list<string> */
function secrets(): array
{
    $secrets = array_map('trim', explode(',', getenv('STRIPE_WEBHOOK_SECRET') ?: ''));
    if (in_array('', $secrets, true)) {
        throw new RuntimeException('STRIPE_WEBHOOK_SECRET is empty, or has an empty part');
    }
    return $secrets;
}

/** Counts a delivery. APCu is shared by all workers, and needs no database. */
function count_as(string $outcome): void
{
    apcu_inc($outcome);
}

/** @return array<string, int> */
function counters(): array
{
    [$processed, $duplicates, $errors] = array_map(fn ($name) => (int) apcu_fetch($name), ['processed', 'duplicates', 'errors']);
    return ['received' => $processed + $duplicates + $errors, 'duplicates' => $duplicates, 'errors' => $errors];
}

function only(string $method): bool
{
    if ($_SERVER['REQUEST_METHOD'] !== $method) {
        header("Allow: $method");
        answer(405, ['error' => "only $method"]);
        return false;
    }
    return true;
}

/** @param array<string, mixed> $document */
function answer(int $status, array $document): void
{
    http_response_code($status);
    header('Content-Type: application/json');
    echo json_encode($document, JSON_THROW_ON_ERROR);
}
