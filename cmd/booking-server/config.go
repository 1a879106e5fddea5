package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/lib/pq"
)

// config is what the environment says, checked.
type config struct {
	ListenAddress        string // an IP address of this machine; "" is all of them
	Port                 uint16 // 1 to 65535
	DatabaseURL          string // a PostgreSQL URL or key=value string; holds a password
	StripeSecretKey      string
	Livemode             bool     // the key is one for real money
	StripeWebhookSecrets []string // at least one, in the order given
	StripeAPIBase        string   // without a slash at its end; "" is Stripe itself
	JWTSecret            string   // at least 32 bytes
	TrustedProxies       []netip.Prefix
	LogLevel             slog.Level
	WebhookTolerance     time.Duration // 1 s to 24 h, whole seconds count
	WebhookRateLimit     int           // deliveries a second for an address; 0 is none
	LoginRateLimit       int           // attempts a minute, at least 1
	RegisterRateLimit    int           // registrations a minute for an address; 0 is none
	MinSlot              time.Duration // of a booking; 0 is none, here and below
	MaxSlot              time.Duration
	BookingHorizon       time.Duration // how far ahead a slot may end
	MaxUnpaidBookings    int           // of one customer at the same time
	CheckoutSuccessURL   string
	CheckoutCancelURL    string
	MetricsToken         string // "" turns /metrics off

	AllowAsynchronousCommit bool // serve although an acknowledged event may be lost with PostgreSQL
}

// reachable is an address at which this machine reaches what listens at ListenAddress.
func (c config) reachable() string {
	address, err := netip.ParseAddr(c.ListenAddress)
	switch {
	case err == nil && !address.IsUnspecified():
		return c.ListenAddress
	case err == nil && address.Is6():
		return "::1"
	}
	return "127.0.0.1"
}

// variable is one row of the table that reading, checking, warning and --help come from.
type variable struct {
	name     string
	fallback string // what an unset or empty variable counts as; PORT in it is the port's number
	required bool
	help     string
	// set checks a value that is not empty and keeps it. What it returns completes "NAME must …" and
	// never quotes the value, since secrets end up in the wrong variable, too.
	set func(c *config, value string) (fault string)
	// secret says what in the checked value nobody else may know; nil where everybody may.
	secret *secret
	// live looks at the checked value beside a live Stripe key. A fault completes "NAME must …", a warning "NAME …".
	live func(c config) (fault, warning string)
}

const mostPerSecond = 1_000_000

// variables is read from top to bottom.
var variables = []variable{
	{name: "PORT", fallback: "3000", help: "port to listen on, 1 to 65535", set: setPort},
	{name: "LISTEN_ADDRESS", help: "address of this machine to listen on, such as 127.0.0.1; unset, all of them", set: setListenAddress},
	{name: "DATABASE_URL", required: true, set: setDatabaseURL, secret: databaseSecret, live: liveDatabase,
		help: "PostgreSQL, as postgres://user:password@host:5432/booking_platform?sslmode=verify-full or as key=value pairs; several hosts as host=a,b port=1,2"},
	{name: "ALLOW_ASYNCHRONOUS_COMMIT", fallback: "false", set: setAllowAsynchronousCommit,
		help: "true serves although synchronous_commit is off, so that an acknowledged event can be lost when PostgreSQL stops"},
	{name: "STRIPE_SECRET_KEY", required: true, set: setStripeKey, secret: stripeSecret,
		help: "Stripe's API key: sk_test_…, sk_live_…, rk_test_… or rk_live_…"},
	{name: "STRIPE_WEBHOOK_SECRET", required: true, set: setWebhookSecrets, secret: webhookSecret,
		help: "signing secret of the webhook endpoint, whsec_…; several, separated by commas, while rotating"},
	{name: "STRIPE_API_BASE", help: "URL to use in place of Stripe's API, such as stripe-mock's", set: setAPIBase, live: liveAPIBase},
	{name: "JWT_SECRET", required: true, set: setJWTSecret, secret: jwtSecret,
		help: "key that signs the bearer tokens, 32 bytes or more"},
	{name: "TRUSTED_PROXIES", set: setProxies,
		help: "addresses or CIDR ranges, separated by commas, of the proxies whose X-Forwarded-For counts"},
	{name: "LOG_LEVEL", fallback: "info", help: "debug, info, warn or error", set: setLogLevel},
	{name: "WEBHOOK_TOLERANCE", fallback: "5m", help: "how far a signature's time may be off, up to 24h", set: setTolerance},
	{name: "WEBHOOK_RATE_LIMIT", fallback: "200", help: "deliveries a second for an address, with bursts of ten times that; 0 is no limit",
		set: func(c *config, value string) string { return setNumber(&c.WebhookRateLimit, 0, value) }},
	{name: "LOGIN_RATE_LIMIT", fallback: "5", help: "login attempts in any 60 s for an address and for an account",
		set: func(c *config, value string) string { return setNumber(&c.LoginRateLimit, 1, value) }},
	{name: "REGISTER_RATE_LIMIT", fallback: "5", help: "registrations in any 60 s for an address; 0 is no limit",
		set: func(c *config, value string) string { return setNumber(&c.RegisterRateLimit, 0, value) }},
	{name: "MIN_SLOT", fallback: "5m", help: "the shortest slot that can be booked; 0 is no limit",
		set: func(c *config, value string) string { return setLength(&c.MinSlot, value) }},
	{name: "MAX_SLOT", fallback: "744h", help: "the longest slot that can be booked; 0 is no limit",
		set: func(c *config, value string) string { return setLength(&c.MaxSlot, value) }},
	{name: "BOOKING_HORIZON", fallback: "17520h", help: "how far ahead a slot may end; 0 is no limit",
		set: func(c *config, value string) string { return setLength(&c.BookingHorizon, value) }},
	{name: "MAX_UNPAID_BOOKINGS", fallback: "5", help: "unpaid bookings that a customer may have at the same time; 0 is no limit",
		set: func(c *config, value string) string { return setNumber(&c.MaxUnpaidBookings, 0, value) }},
	{name: "CHECKOUT_SUCCESS_URL", fallback: "http://localhost:PORT/checkout/success", help: "where Stripe sends a customer who has paid",
		set:  func(c *config, value string) string { return setPage(&c.CheckoutSuccessURL, value) },
		live: func(c config) (string, string) { return livePage(c.CheckoutSuccessURL) }},
	{name: "CHECKOUT_CANCEL_URL", fallback: "http://localhost:PORT/checkout/cancel", help: "where Stripe sends a customer who turns back",
		set:  func(c *config, value string) string { return setPage(&c.CheckoutCancelURL, value) },
		live: func(c config) (string, string) { return livePage(c.CheckoutCancelURL) }},
	{name: "METRICS_TOKEN", set: setMetricsToken, secret: metricsSecret,
		help: "bearer token for GET /metrics; unset, there is no such route"},
}

// configFrom reads the whole environment. An empty variable counts as unset. The error has a line for
// each fault, naming the variable and what to do; neither it nor the warnings hold any value. What is
// known to everybody, or is no secret, is an error beside a live Stripe key (live.go).
func configFrom(getenv func(string) string) (config, []string, error) {
	return readConfig(getenv, variables)
}

// configOnly reads the named variables and leaves the rest of the config as it is when nothing is set,
// for commands that need no more.
func configOnly(getenv func(string) string, names ...string) (config, error) {
	wanted := make([]variable, 0, len(names))
	for _, v := range variables {
		if slices.Contains(names, v.name) {
			wanted = append(wanted, v)
		}
	}
	c, _, err := readConfig(getenv, wanted)
	return c, err
}

func readConfig(getenv func(string) string, wanted []variable) (config, []string, error) {
	var (
		c        = config{Port: 3000}
		accepted []variable
		warnings []string
		faults   []error
	)
	for _, v := range wanted {
		value := getenv(v.name)
		if value == "" {
			value = strings.ReplaceAll(v.fallback, "PORT", strconv.Itoa(int(c.Port)))
		}
		if value == "" {
			if v.required {
				faults = append(faults, fmt.Errorf("%s is missing; set it to %s", v.name, v.help))
			}
			continue
		}
		if fault := v.set(&c, value); fault != "" {
			faults = append(faults, fmt.Errorf("%s must %s", v.name, fault))
			continue
		}
		accepted = append(accepted, v)
	}
	// Only now is it known whether the key is a live one.
	for _, v := range accepted {
		fault, warning := v.exposed(c)
		if fault != "" {
			faults = append(faults, fmt.Errorf("%s must %s", v.name, fault))
		}
		if warning != "" {
			warnings = append(warnings, v.name+" "+warning)
		}
	}
	if err := errors.Join(faults...); err != nil {
		return config{}, nil, err
	}
	return c, warnings, nil
}

// printVariables writes the table of variables for --help.
func printVariables(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, v := range variables {
		fallback := "optional"
		if v.required {
			fallback = "required"
		} else if v.fallback != "" {
			fallback = "default " + v.fallback
		}
		if _, err := fmt.Fprintf(table, "  %s\t%s\t%s\n", v.name, fallback, v.help); err != nil {
			return err
		}
	}
	return table.Flush()
}

func setPort(c *config, value string) string {
	port, err := strconv.ParseUint(value, 10, 16)
	if err != nil || port == 0 {
		return "be a whole number from 1 to 65535"
	}
	c.Port = uint16(port)
	return ""
}

func setListenAddress(c *config, value string) string {
	if _, err := netip.ParseAddr(value); err != nil {
		return "be an IP address of this machine, such as 127.0.0.1 or ::1, without a port"
	}
	c.ListenAddress = value
	return ""
}

func setDatabaseURL(c *config, value string) string {
	const form = "be a PostgreSQL URL (postgres://user:password@host:5432/booking_platform?sslmode=verify-full) " +
		"or key=value pairs (host=a,b port=5432,5433 dbname=booking_platform user=… password=… sslmode=verify-full)"
	// lib/pq takes mysql://host?a=b for key=value pairs with an odd key.
	if before, _, isURL := strings.Cut(value, "://"); isURL && !strings.Contains(before, "=") {
		if before != "postgres" && before != "postgresql" {
			return form
		}
	}
	parsed, err := pq.NewConfig(value)
	if err != nil {
		return form
	}
	hosts := []string{parsed.Host}
	for _, more := range parsed.Multi {
		hosts = append(hosts, more.Host)
	}
	for _, host := range hosts {
		_, notAnAddress := netip.ParseAddr(strings.Trim(host, "[]"))
		isSocket := strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@")
		if strings.Contains(host, ":") && notAnAddress != nil && !isSocket {
			return "not give each host of a URL a port; write postgres://a,b/booking_platform?port=5432,5433 or host=a,b port=5432,5433"
		}
	}
	c.DatabaseURL = value
	return ""
}

func setAllowAsynchronousCommit(c *config, value string) string {
	if value != "true" && value != "false" {
		return "be true or false"
	}
	c.AllowAsynchronousCommit = value == "true"
	return ""
}

func setStripeKey(c *config, value string) string {
	for _, prefix := range []string{"sk_test_", "sk_live_", "rk_test_", "rk_live_"} {
		if rest, ok := strings.CutPrefix(value, prefix); ok && isPrintable(rest) {
			c.StripeSecretKey = value
			c.Livemode = strings.HasSuffix(prefix, "_live_")
			return ""
		}
	}
	return "be a Stripe secret key: sk_test_…, sk_live_…, rk_test_… or rk_live_…, without spaces"
}

// setWebhookSecrets allows spaces around a comma; a secret has none.
func setWebhookSecrets(c *config, value string) string {
	var secrets []string
	for i, part := range strings.Split(value, ",") {
		part = strings.Trim(part, " ")
		if part == "" {
			// An empty secret would accept anybody's signature.
			return fmt.Sprintf("not have an empty part, but part %d is; take the comma away or put a secret there", i+1)
		}
		// Behind whsec_ nothing may stand, as when it was put before a variable that is unset.
		if !isPrintable(part) || part == webhookPrefix || strings.HasPrefix(part, "sk_") || strings.HasPrefix(part, "rk_") || strings.HasPrefix(part, "pk_") {
			return fmt.Sprintf("be signing secrets of the webhook endpoint (whsec_…, without spaces), but part %d is none", i+1)
		}
		secrets = append(secrets, part)
	}
	c.StripeWebhookSecrets = secrets
	return ""
}

func setAPIBase(c *config, value string) string {
	u, err := url.Parse(value)
	if err != nil || !isWebPage(u) || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "be an http or https URL without query, such as http://localhost:12111"
	}
	c.StripeAPIBase = strings.TrimRight(value, "/")
	return ""
}

func setJWTSecret(c *config, value string) string {
	if len(value) < 32 {
		return "have at least 32 bytes; openssl rand -hex 32 makes one"
	}
	if strings.TrimSpace(value) == "" {
		return "not be blank; openssl rand -hex 32 makes one"
	}
	c.JWTSecret = value
	return ""
}

func setProxies(c *config, value string) string {
	var proxies []netip.Prefix
	for i, part := range strings.Split(value, ",") {
		part = strings.Trim(part, " ")
		prefix, err := netip.ParsePrefix(part)
		if err != nil {
			var address netip.Addr
			if address, err = netip.ParseAddr(part); err == nil && address.Zone() == "" {
				prefix = netip.PrefixFrom(address, address.BitLen())
			}
		}
		if !prefix.IsValid() {
			return fmt.Sprintf("be addresses or CIDR ranges separated by commas, such as 10.0.0.0/8, but part %d is not one", i+1)
		}
		// An IPv4-mapped IPv6 address is compared as the IPv4 address, so a range of such becomes the IPv4 range.
		if prefix.Addr().Is4In6() && prefix.Bits() >= 96 {
			prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96)
		}
		if prefix.Bits() == 0 {
			return "not trust every address, or anybody could choose his own; name your proxies"
		}
		proxies = append(proxies, prefix.Masked())
	}
	c.TrustedProxies = proxies
	return ""
}

func setLogLevel(c *config, value string) string {
	level, known := map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	}[strings.ToLower(value)]
	if !known {
		return "be debug, info, warn or error"
	}
	c.LogLevel = level
	return ""
}

func setTolerance(c *config, value string) string {
	tolerance, err := time.ParseDuration(value)
	if err != nil || tolerance < time.Second || tolerance > 24*time.Hour {
		return "be a duration from 1s to 24h, such as 5m"
	}
	c.WebhookTolerance = tolerance
	return ""
}

func setNumber(to *int, least int, value string) string {
	number, err := strconv.ParseUint(value, 10, 32)
	if err != nil || number < uint64(least) || number > mostPerSecond {
		return fmt.Sprintf("be a whole number from %d to %d", least, mostPerSecond)
	}
	*to = int(number)
	return ""
}

// setLength reads how long something may last; 0 is no limit.
func setLength(to *time.Duration, value string) string {
	length, err := time.ParseDuration(value)
	if err != nil || length < 0 {
		return "be a duration such as 5m or 744h, or 0 for no limit"
	}
	*to = length
	return ""
}

func setPage(to *string, value string) string {
	// Stripe fills in {CHECKOUT_SESSION_ID}, so that the text is kept as it is.
	if u, err := url.Parse(value); err != nil || !isWebPage(u) {
		return "be an absolute http or https URL"
	}
	*to = value
	return ""
}

func setMetricsToken(c *config, value string) string {
	if !isPrintable(value) {
		return "be ASCII without spaces; openssl rand -hex 32 makes one"
	}
	c.MetricsToken = value
	return ""
}

func isWebPage(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}

// isPrintable reports whether text can stand in a header: visible ASCII, and some of it.
func isPrintable(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}
