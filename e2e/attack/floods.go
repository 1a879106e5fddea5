package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// flood is one way to attack: so many connections at the same time, from so many addresses, each of which does the
// same until it is closed, and is then opened again.
type flood struct {
	name        string
	connections int
	addresses   int
	attack      func(c *caller) error
}

// floods are all of them. A body is announced (Content-Length) unless it is said to be chunked.
var floods = []flood{
	{"none", 0, 1, nil},
	{"stalled bodies of 1 MiB less a byte", 1000, 1, stall("/webhooks/stripe", 1<<20, 1<<20-1)},
	{"stalled bodies of 1 MiB less a byte, many addresses", 1000, 1000, stall("/webhooks/stripe", 1<<20, 1<<20-1)},
	{"stalled bodies of 64 KiB less a byte", 1000, 1, stall("/webhooks/stripe", 64<<10, 64<<10-1)},
	{"stalled bodies of 64 KiB less a byte, many addresses", 1000, 1000, stall("/webhooks/stripe", 64<<10, 64<<10-1)},
	{"stalled bodies of POST /auth/login, many addresses", 1000, 1000, stall("/auth/login", 64<<10, 64<<10-1)},
	{"stalled chunked bodies, many addresses", 1000, 1000, stallChunked},
	{"bodies of a byte every 100 ms", 1000, 10, trickle},
	{"announced bodies of 100 MiB", 200, 10, stall("/webhooks/stripe", 100<<20, 2<<20)},
	{"announced bodies of 100 MiB, POST /auth/register", 200, 10, stall("/auth/register", 100<<20, 2<<20)},
	{"chunked bodies of 2 MiB", 200, 10, chunked},
	{"forged bodies of 1 MiB, many addresses", 64, 64, forge(1 << 20)},
	{"stalled headers", 1000, 1, stalledHeader(100)},
	{"stalled headers of many short lines, many addresses", 1000, 1000, stalledHeader(2900)},
	{"headers of many short lines, then a stalled body, many addresses", 1000, 1000, stalledAfterHeader(2900)},
	{"headers of 1 MiB", 200, 10, hugeHeader},
	{"idle connections", 1000, 1, idle},
	{"idle connections, many addresses", 1000, 1000, idle},
	{"connections that say nothing, many addresses", 1000, 1000, silent},
	{"connections opened and closed", 200, 200, openAndClose},
	{"answers that nobody reads, many addresses", 1000, 1000, readNothing},
	{"pipelined requests", 64, 64, pipeline},
	{"forged signatures", 64, 1, forge(3000)},
	{"forged signatures, many addresses", 64, 64, forge(3000)},
	{"GET /resources", 64, 64, get("/resources?limit=100")},
	{"GET /resources, many addresses", 700, 700, get("/resources?limit=100")},
	{"GET /resources, one address", 700, 1, get("/resources?limit=100")},
	{"GET /ready, many addresses", 700, 700, get("/ready")},
	{"GET /ready, one address", 700, 1, get("/ready")},
	{"POST /bookings/{id}/cancel, signed in, a slow Stripe", 650, 1, cancel},
	{"POST /bookings/{id}/cancel, signed in, a slow Stripe, many addresses", 650, 650, cancel},
	{"POST /auth/login", 64, 64, post("/auth/login")},
	{"POST /auth/register", 64, 64, post("/auth/register")},
}

// pause is what passes between two connections, as it would over a distance. It bounds how many a flood makes.
const pause = 100 * time.Millisecond

// caller is one connection of a flood.
type caller struct {
	net.Conn
	reader *bufio.Reader
	number int64 // of the connection, unlike any other's
}

// A flood runs in a process of its own, so that the genuine deliveries' clock is not kept by a process that is busy
// with it. It is this program again, told by these variables what to do.
const (
	floodVariable   = "ATTACK_FLOOD"
	addressVariable = "ATTACK_ADDRESS"
	tokenVariable   = "ATTACK_TOKEN" // of the customer who attacks
)

// flooded runs the flood that the environment asks for until the context ends, and tells whether it asks for one.
func flooded(ctx context.Context) bool {
	name := os.Getenv(floodVariable)
	for _, f := range floods {
		if f.name == name && f.attack != nil {
			flooding(ctx, f, os.Getenv(addressVariable))
			return true
		}
	}
	return false
}

// start starts a flood's process, which ends with the context.
func (f flood) start(ctx context.Context, address string) (wait func(), err error) {
	if f.attack == nil {
		return func() {}, nil
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, self)
	command.Env = append(os.Environ(), floodVariable+"="+f.name, addressVariable+"="+address, tokenVariable+"="+customerToken())
	if err := command.Start(); err != nil {
		return nil, err
	}
	return func() { _ = command.Wait() }, nil
}

// flooding runs a flood until the context ends.
func flooding(ctx context.Context, f flood, address string) {
	var group sync.WaitGroup
	var number atomic.Int64
	for i := range f.connections {
		from := i % f.addresses
		group.Go(func() {
			for ctx.Err() == nil {
				one(ctx, f, address, from, number.Add(1))
				select {
				case <-time.After(pause):
				case <-ctx.Done():
				}
			}
		})
	}
	group.Wait()
}

func one(ctx context.Context, f flood, address string, from int, number int64) {
	conn, err := dial(ctx, attackers(from), address)
	if err != nil {
		return
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	defer func() { _ = conn.Close() }()
	_ = f.attack(&caller{Conn: conn, reader: bufio.NewReader(conn), number: number})
}

// attackers are addresses that are not the genuine sender's.
func attackers(i int) net.IP { return net.IPv4(127, 1, byte(i/250), byte(1+i%250)) }

func dial(ctx context.Context, from net.IP, address string) (net.Conn, error) {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: from}, Timeout: 10 * time.Second}
	return dialer.DialContext(ctx, "tcp4", address)
}

const start = " HTTP/1.1\r\nHost: attack\r\n"

func (c *caller) send(text string) error {
	_, err := io.WriteString(c, text)
	return err
}

// fill sends bytes of a body.
func (c *caller) fill(size int) error {
	part := strings.Repeat("x", min(size, 64<<10))
	for size > 0 {
		n, err := io.WriteString(c, part[:min(size, len(part))])
		if err != nil {
			return err
		}
		size -= n
	}
	return nil
}

// hold waits until the server closes.
func (c *caller) hold() error {
	_, err := io.Copy(io.Discard, c.reader)
	return err
}

// answered reads one answer.
func (c *caller) answered() error {
	answer, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}

func stall(path string, announced, sent int) func(*caller) error {
	return func(c *caller) error {
		if err := c.send("POST " + path + start + "Content-Length: " + strconv.Itoa(announced) + "\r\n\r\n"); err != nil {
			return err
		}
		if err := c.fill(sent); err != nil {
			return err
		}
		return c.hold()
	}
}

func stallChunked(c *caller) error {
	if err := c.send("POST /webhooks/stripe" + start + "Transfer-Encoding: chunked\r\n\r\n100000\r\n"); err != nil {
		return err
	}
	if err := c.fill(1<<20 - 1); err != nil {
		return err
	}
	return c.hold()
}

func trickle(c *caller) error {
	if err := c.send("POST /webhooks/stripe" + start + "Content-Length: 60000\r\n\r\n"); err != nil {
		return err
	}
	for {
		if err := c.fill(1); err != nil {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func chunked(c *caller) error {
	if err := c.send("POST /webhooks/stripe" + start + "Transfer-Encoding: chunked\r\n\r\n200000\r\n"); err != nil {
		return err
	}
	if err := c.fill(2 << 20); err != nil {
		return err
	}
	if err := c.send("\r\n0\r\n\r\n"); err != nil {
		return err
	}
	return c.hold()
}

func forge(size int) func(*caller) error {
	return func(c *caller) error {
		for {
			err := c.send(fmt.Sprintf("POST /webhooks/stripe%sStripe-Signature: t=%d,v1=%064d\r\nContent-Length: %d\r\n\r\n", start, time.Now().Unix(), 0, size))
			if err == nil {
				err = c.fill(size)
			}
			if err == nil {
				err = c.answered()
			}
			if err != nil {
				return err
			}
		}
	}
}

// shortLines is what costs the server most for its bytes: each line is an entry of its own.
func shortLines(lines int) string {
	var text strings.Builder
	for i := range lines {
		text.WriteString(strconv.FormatInt(int64(i), 36) + ":\r\n")
	}
	return text.String()
}

func stalledHeader(lines int) func(*caller) error {
	return func(c *caller) error {
		if err := c.send("POST /webhooks/stripe" + start + shortLines(lines)); err != nil {
			return err
		}
		return c.hold()
	}
}

func stalledAfterHeader(lines int) func(*caller) error {
	return func(c *caller) error {
		if err := c.send("POST /webhooks/stripe" + start + shortLines(lines) + "Content-Length: 65536\r\n\r\n"); err != nil {
			return err
		}
		if err := c.fill(64<<10 - 1); err != nil {
			return err
		}
		return c.hold()
	}
}

func hugeHeader(c *caller) error {
	if err := c.send("GET /health" + start + "X: "); err != nil {
		return err
	}
	if err := c.fill(1 << 20); err != nil {
		return err
	}
	return c.hold()
}

func idle(c *caller) error {
	if err := c.send("GET /health" + start + "\r\n"); err != nil {
		return err
	}
	return c.hold()
}

func silent(c *caller) error { return c.hold() }

func openAndClose(*caller) error { return nil }

func readNothing(c *caller) error {
	_ = c.Conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	for {
		if err := c.send("GET /resources?limit=100" + start + "\r\n"); err != nil {
			return err
		}
	}
}

func pipeline(c *caller) error {
	many := strings.Repeat("GET /health"+start+"\r\n", 100)
	for {
		if err := c.send(many); err != nil {
			return err
		}
		for range 100 {
			if err := c.answered(); err != nil {
				return err
			}
		}
	}
}

func get(path string) func(*caller) error {
	return func(c *caller) error {
		for {
			err := c.send("GET " + path + start + "\r\n")
			if err == nil {
				err = c.answered()
			}
			if err != nil {
				return err
			}
		}
	}
}

// cancel is a customer's, again and again: of a booking that is cancelled, whose session Stripe is asked to end each time.
func cancel(c *caller) error {
	token := os.Getenv(tokenVariable)
	for {
		err := c.send("POST /bookings/" + cancelledBooking + "/cancel" + start + "Authorization: Bearer " + token + "\r\n\r\n")
		if err == nil {
			err = c.answered()
		}
		if err != nil {
			return err
		}
	}
}

func post(path string) func(*caller) error {
	return func(c *caller) error {
		for i := 0; ; i++ {
			body := fmt.Sprintf(`{"email":"a%d.%d@example.com","password":"a password of no one"}`, c.number, i)
			err := c.send("POST " + path + start + "Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
			if err == nil {
				err = c.answered()
			}
			if err != nil {
				return err
			}
		}
	}
}
