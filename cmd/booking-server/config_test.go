package main

import (
	"bytes"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// secretMark is in every secret of these tests, right or wrong, so that a leak is seen.
const secretMark = "s3cr3t"

// goodWebhookSecret is of the form that Stripe's have.
const goodWebhookSecret = "whsec_" + secretMark + "Kq0Zp7Lw2VbN9xTfYd4Ha6"

func goodEnvironment() map[string]string {
	return map[string]string{
		"DATABASE_URL":          "postgres://app:" + secretMark + "@db:5432/booking_platform?sslmode=disable",
		"STRIPE_SECRET_KEY":     "sk_test_" + secretMark,
		"STRIPE_WEBHOOK_SECRET": goodWebhookSecret,
		"JWT_SECRET":            secretMark + strings.Repeat("x", 32-len(secretMark)),
	}
}

func configWith(changes map[string]string) (config, []string, error) {
	environment := goodEnvironment()
	for name, value := range changes {
		environment[name] = value
	}
	return configFrom(func(name string) string { return environment[name] })
}

func TestConfigDefaults(t *testing.T) {
	t.Parallel()
	c, warnings, err := configWith(nil)
	require.NoError(t, err)
	require.Empty(t, warnings)
	require.Equal(t, config{
		Port:                 3000,
		DatabaseURL:          goodEnvironment()["DATABASE_URL"],
		StripeSecretKey:      "sk_test_s3cr3t",
		StripeWebhookSecrets: []string{goodWebhookSecret},
		JWTSecret:            goodEnvironment()["JWT_SECRET"],
		LogLevel:             slog.LevelInfo,
		WebhookTolerance:     5 * time.Minute,
		WebhookRateLimit:     200,
		LoginRateLimit:       5,
		RegisterRateLimit:    5,
		MinSlot:              5 * time.Minute,
		MaxSlot:              31 * 24 * time.Hour,
		BookingHorizon:       730 * 24 * time.Hour,
		MaxUnpaidBookings:    5,
		CheckoutSuccessURL:   "http://localhost:3000/checkout/success",
		CheckoutCancelURL:    "http://localhost:3000/checkout/cancel",
	}, c)
}

func TestConfigWithEverythingSet(t *testing.T) {
	t.Parallel()
	c, warnings, err := configWith(map[string]string{
		"PORT":                      "65535",
		"STRIPE_SECRET_KEY":         "rk_test_x",
		"STRIPE_WEBHOOK_SECRET":     "whsec_new, whsec_old",
		"STRIPE_API_BASE":           "http://localhost:12111/",
		"TRUSTED_PROXIES":           "10.1.2.3/8, 192.0.2.1,2001:db8::/32,::ffff:172.16.0.0/108,::ffff:198.51.100.7",
		"LOG_LEVEL":                 "DEBUG",
		"WEBHOOK_TOLERANCE":         "24h",
		"ALLOW_ASYNCHRONOUS_COMMIT": "true",
		"WEBHOOK_RATE_LIMIT":        "0",
		"LOGIN_RATE_LIMIT":          "1",
		"CHECKOUT_SUCCESS_URL":      "https://example.com/paid?s={CHECKOUT_SESSION_ID}",
		"METRICS_TOKEN":             "0123456789abcdef",
	})
	require.NoError(t, err)
	require.Empty(t, warnings)
	require.EqualValues(t, 65535, c.Port)
	require.False(t, c.Livemode)
	require.Equal(t, []string{"whsec_new", "whsec_old"}, c.StripeWebhookSecrets)
	require.Equal(t, "http://localhost:12111", c.StripeAPIBase)
	var proxies []netip.Prefix
	for _, text := range []string{"10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32", "172.16.0.0/12", "198.51.100.7/32"} {
		proxies = append(proxies, netip.MustParsePrefix(text))
	}
	require.Equal(t, proxies, c.TrustedProxies)
	require.Equal(t, slog.LevelDebug, c.LogLevel)
	require.Equal(t, 24*time.Hour, c.WebhookTolerance)
	require.Zero(t, c.WebhookRateLimit)
	require.Equal(t, 1, c.LoginRateLimit)
	require.Equal(t, "https://example.com/paid?s={CHECKOUT_SESSION_ID}", c.CheckoutSuccessURL)
	require.Equal(t, "http://localhost:65535/checkout/cancel", c.CheckoutCancelURL)
	require.Equal(t, "0123456789abcdef", c.MetricsToken)
	require.True(t, c.AllowAsynchronousCommit)
}

func TestConfigAcceptsAndRefuses(t *testing.T) {
	t.Parallel()
	long := secretMark + strings.Repeat("y", 100)
	for name, tc := range map[string]struct{ right, wrong []string }{
		"PORT":                {[]string{"1", "8080"}, []string{"0", "65536", "-1", "+80", " 80", "80 ", "3000a", "http", "3.5", secretMark}},
		"LISTEN_ADDRESS":      {[]string{"127.0.0.1", "::1", "0.0.0.0"}, []string{"localhost", "127.0.0.1:80", "[::1]", secretMark}},
		"MIN_SLOT":            {[]string{"0", "5m"}, []string{"-5m", "5", secretMark}},
		"MAX_SLOT":            {[]string{"0", "744h"}, []string{"-1h", "31d", secretMark}},
		"BOOKING_HORIZON":     {[]string{"0", "17520h"}, []string{"-1h", "2y", secretMark}},
		"REGISTER_RATE_LIMIT": {[]string{"0", "5"}, []string{"-1", "5.5", secretMark}},
		"MAX_UNPAID_BOOKINGS": {[]string{"0", "5"}, []string{"-1", "many", secretMark}},
		"DATABASE_URL": {
			[]string{
				"postgresql://app@db/booking_platform", "postgres://app:p%40ss@[::1]:5432/x?sslmode=require",
				"postgres://app:x@a,b:5432/x?target_session_attrs=read-write", "postgres://app:x@a,b/x?port=5432,5433",
				"host=a,b port=5432,5433 dbname=x user=app password='with :// in it' sslmode=disable target_session_attrs=read-write",
				"host=/var/run/postgresql dbname=x", "host=::1 dbname=x", "host=a,b port=5432 dbname=x",
			},
			[]string{
				long, "postgres://app:" + secretMark + "@db:port/x", "mysql://app:" + secretMark + "@db/x?a=b", "http://db:5432/x?a=b",
				"postgres://app:" + secretMark + "@a:1,b:2/x", "host=a:1,b:2 password=" + secretMark, "host=a,b,c port=1,2 password=" + secretMark,
				"host=a port=x password=" + secretMark, "host=a sslmode=" + secretMark, "host=a password='" + secretMark, "password=" + secretMark + " host",
				"postgres://app:" + secretMark + "%zz@db/x", "host=a client_encoding=" + secretMark,
			},
		},
		"ALLOW_ASYNCHRONOUS_COMMIT": {[]string{"true", "false"}, []string{secretMark, "1", "yes", "TRUE", " true"}},
		"STRIPE_SECRET_KEY": {
			[]string{"sk_test_1", "sk_live_1", "rk_test_1", "rk_live_1"},
			[]string{long, "sk_test_", "pk_test_" + secretMark, "whsec_" + secretMark, " sk_test_" + secretMark, "sk_test_" + secretMark + "\n", "SK_TEST_" + secretMark},
		},
		"STRIPE_WEBHOOK_SECRET": {
			[]string{"whsec_a", "whsec_a,whsec_b", " whsec_a , whsec_b "},
			[]string{
				",", " ", "whsec_" + secretMark + ",", ",whsec_" + secretMark, "whsec_a,,whsec_" + secretMark, "whsec_a, ,whsec_" + secretMark,
				"whsec_a,sk_test_" + secretMark, "whsec_", "whsec_a,whsec_", "whsec_" + secretMark + " b", "whsec_" + secretMark + "\n",
			},
		},
		"STRIPE_API_BASE": {
			[]string{"http://127.0.0.1:12111", "https://api.stripe.com/", "http://mock/prefix"},
			[]string{long, "localhost:12111", "//host", "http://", "http://:80", "ftp://host", "http://app:" + secretMark + "@host", "http://host?x=" + secretMark, "http://host#x", "http://ho st", "http://host:port"},
		},
		"JWT_SECRET": {
			[]string{strings.Repeat("x", 32), strings.Repeat("é", 16), strings.Repeat("x", 1000)},
			[]string{"x", secretMark, strings.Repeat("x", 31), strings.Repeat(" ", 32), strings.Repeat(" \t\n", 20)},
		},
		"TRUSTED_PROXIES": {
			[]string{"127.0.0.1", "::1", "10.0.0.0/8", "10.0.0.1 , 10.0.0.2"},
			[]string{secretMark, "10.0.0", "10.0.0.0/33", ",", "10.0.0.1,", "proxy.internal", "10.0.0.1:80", "fe80::1%eth0", "0.0.0.0/0", "::/0", "::ffff:0.0.0.0/96", "10.0.0.1 10.0.0.2"},
		},
		"LOG_LEVEL":         {[]string{"debug", "info", "warn", "error", "Info"}, []string{secretMark, "trace", "warning", "INFO+2", " info"}},
		"WEBHOOK_TOLERANCE": {[]string{"1s", "5m", "24h"}, []string{secretMark, "999ms", "0", "0s", "-5m", "300", "5 m", "24h1ns", "forever"}},
		"WEBHOOK_RATE_LIMIT": {
			[]string{"0", "1", "1000000"}, []string{secretMark, "-1", "1.5", "1000001", "99999999999999999999", "ten", " 1"},
		},
		"LOGIN_RATE_LIMIT": {
			[]string{"1", "1000000"}, []string{secretMark, "0", "-1", "1.5", "1000001", "99999999999999999999", "ten", " 1"},
		},
		"CHECKOUT_SUCCESS_URL": {[]string{"http://h", "https://h/p?q={CHECKOUT_SESSION_ID}"}, []string{secretMark, "/paid", "h/paid", "//h/paid", "javascript:alert(1)", "http:///x", "http://h:x"}},
		"CHECKOUT_CANCEL_URL":  {[]string{"http://h", "https://h/p?q={CHECKOUT_SESSION_ID}"}, []string{secretMark, "/paid", "h/paid", "//h/paid", "javascript:alert(1)", "http:///x", "http://h:x"}},
		"METRICS_TOKEN":        {[]string{"x", strings.Repeat("x", 16)}, []string{secretMark + " with spaces in it", secretMark + "-with-newline\n", secretMark + strings.Repeat("é", 16)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, value := range tc.right {
				_, _, err := configWith(map[string]string{name: value})
				require.NoError(t, err, "%q", value)
			}
			for _, value := range tc.wrong {
				c, warnings, err := configWith(map[string]string{name: value})
				require.Error(t, err, "%q", value)
				require.Empty(t, c, "nothing half-read")
				require.Empty(t, warnings)
				require.True(t, strings.HasPrefix(err.Error(), name+" must "), err.Error())
				require.NotContains(t, err.Error(), "\n", "one fault, one line")
				require.NotContains(t, err.Error(), secretMark)
			}
		})
	}
}

// Every variable is in the table of the test above and in --help; none is forgotten in either.
func TestConfigHelp(t *testing.T) {
	t.Parallel()
	var help bytes.Buffer
	require.NoError(t, printVariables(&help))
	lines := strings.Split(strings.TrimSuffix(help.String(), "\n"), "\n")
	require.Len(t, lines, 21)
	for i, v := range variables {
		require.True(t, strings.HasPrefix(lines[i], "  "+v.name+" "), lines[i])
		require.Contains(t, lines[i], v.help)
		require.NotEmpty(t, v.help)
		require.False(t, v.required && v.fallback != "", v.name)
	}
	require.Contains(t, lines[0], "default 3000 ")
	require.Contains(t, lines[2], " required ")
	require.Contains(t, lines[20], " optional ")
}

func TestConfigMissing(t *testing.T) {
	t.Parallel()
	for name := range goodEnvironment() {
		_, _, err := configWith(map[string]string{name: ""})
		require.ErrorContains(t, err, name+" is missing; set it to ")
		require.NotContains(t, err.Error(), "\n")
	}
}

func TestConfigReportsAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	_, warnings, err := configFrom(func(string) string { return "" })
	require.Error(t, err)
	require.Empty(t, warnings)
	require.Len(t, strings.Split(err.Error(), "\n"), 4)

	_, _, err = configFrom(func(string) string { return secretMark + "\x00" })
	require.Error(t, err)
	lines := strings.Split(err.Error(), "\n")
	require.Len(t, lines, len(variables))
	for i, v := range variables {
		require.True(t, strings.HasPrefix(lines[i], v.name+" must "), lines[i])
	}
	require.NotContains(t, err.Error(), secretMark)
}

func TestConfigWarnsOfLocalDefaults(t *testing.T) {
	t.Parallel()
	defaults := map[string]string{
		"DATABASE_URL":          "postgres://postgres:postgres@db:5432/booking_platform?sslmode=disable",
		"STRIPE_SECRET_KEY":     "sk_test_localdefault",
		"STRIPE_WEBHOOK_SECRET": "whsec_localdefault",
		"JWT_SECRET":            "local-default-jwt-secret-change-before-production",
		"METRICS_TOKEN":         "local-default-metrics-token",
	}
	sentence := func(name string) string {
		return name + " has the well-known local default; set your own before production"
	}
	for name, value := range defaults {
		_, warnings, err := configWith(map[string]string{name: value})
		require.NoError(t, err)
		require.Equal(t, []string{sentence(name)}, warnings)
	}
	_, warnings, err := configWith(defaults)
	require.NoError(t, err)
	require.Equal(t, []string{
		sentence("DATABASE_URL"), sentence("STRIPE_SECRET_KEY"), sentence("STRIPE_WEBHOOK_SECRET"),
		sentence("JWT_SECRET"), sentence("METRICS_TOKEN"),
	}, warnings)

	for name, value := range map[string]string{
		"DATABASE_URL":          "host=db dbname=booking_platform user=postgres password=postgres",
		"STRIPE_WEBHOOK_SECRET": "whsec_mine,whsec_localdefault",
	} {
		_, warnings, err := configWith(map[string]string{name: value})
		require.NoError(t, err)
		require.Equal(t, []string{sentence(name)}, warnings)
	}
	_, warnings, err = configWith(map[string]string{"DATABASE_URL": "host=postgres dbname=postgres user=postgres password=mine"})
	require.NoError(t, err)
	require.Empty(t, warnings)
}

func TestConfigOnly(t *testing.T) {
	t.Parallel()
	getenv := func(environment map[string]string) func(string) string {
		return func(name string) string { return environment[name] }
	}
	c, err := configOnly(getenv(map[string]string{"DATABASE_URL": "host=a dbname=x", "PORT": "nonsense"}), "DATABASE_URL")
	require.NoError(t, err)
	require.Equal(t, "host=a dbname=x", c.DatabaseURL)
	_, err = configOnly(getenv(nil), "DATABASE_URL", "LOG_LEVEL")
	require.ErrorContains(t, err, "DATABASE_URL is missing")
	c, err = configOnly(getenv(map[string]string{"PORT": "4000"}), "PORT")
	require.NoError(t, err)
	require.EqualValues(t, 4000, c.Port)
}
