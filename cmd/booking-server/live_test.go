package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// composeDefaults are what docker-compose.yml gives the server when nothing is set.
func composeDefaults(t *testing.T) map[string]string {
	t.Helper()
	compose, err := os.ReadFile("../../docker-compose.yml")
	require.NoError(t, err)
	shipped := map[string]string{}
	for _, match := range regexp.MustCompile(`(?m)^      (\w+): (?:\$\{\w+:-(.*)\}|"(.*)")$`).FindAllStringSubmatch(string(compose), -1) {
		shipped[match[1]] = match[2] + match[3]
	}
	return shipped
}

// liveEnvironment is a good one for real money.
func liveEnvironment() map[string]string {
	return map[string]string{
		"DATABASE_URL":          "postgres://app:" + secretMark + "@db:5432/booking_platform?sslmode=verify-full",
		"STRIPE_SECRET_KEY":     "sk_live_" + secretMark,
		"STRIPE_WEBHOOK_SECRET": goodWebhookSecret,
		"JWT_SECRET":            secretMark + "f2c5d8a1b7e04963840f1e2d3c4b",
		"METRICS_TOKEN":         secretMark + "-0123456789abcdef",
		"CHECKOUT_SUCCESS_URL":  "https://example.com/paid",
		"CHECKOUT_CANCEL_URL":   "https://example.com/back",
	}
}

func liveWith(changes map[string]string) (config, []string, error) {
	environment := liveEnvironment()
	for name, value := range changes {
		environment[name] = value
	}
	return configFrom(func(name string) string { return environment[name] })
}

func namesOf(sentences []string) []string {
	var names []string
	for _, sentence := range sentences {
		name, _, _ := strings.Cut(sentence, " ")
		names = append(names, name)
	}
	return names
}

var shippedSecrets = []string{"DATABASE_URL", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "JWT_SECRET", "METRICS_TOKEN"}

// The defaults that docker-compose.yml ships are the ones that are warned of, every one.
func TestConfigWarnsOfComposesDefaults(t *testing.T) {
	t.Parallel()
	shipped := composeDefaults(t)
	_, warnings, err := configFrom(func(name string) string { return shipped[name] })
	require.NoError(t, err)
	require.Equal(t, shippedSecrets, namesOf(warnings))
}

// Beside a live key each of them is an error, which says what to do and quotes nothing.
func TestALiveKeyRefusesComposesDefaults(t *testing.T) {
	t.Parallel()
	shipped := composeDefaults(t)
	for _, key := range []string{"sk_live_" + secretMark, "rk_live_" + secretMark} {
		shipped["STRIPE_SECRET_KEY"] = key
		c, warnings, err := configFrom(func(name string) string { return shipped[name] })
		require.Error(t, err)
		require.Empty(t, c)
		require.Empty(t, warnings)
		lines := strings.Split(err.Error(), "\n")
		require.Equal(t, []string{"DATABASE_URL", "STRIPE_WEBHOOK_SECRET", "JWT_SECRET", "METRICS_TOKEN"}, namesOf(lines))
		for _, line := range lines {
			require.Contains(t, line, "must not have the well-known local default beside a live Stripe key")
			require.Regexp(t, `; .+`, line, "what to do")
		}
		for _, value := range append(published, secretMark) {
			if value != "postgres" {
				require.NotContains(t, err.Error(), value)
			}
		}
	}
}

// What docker-compose.yml gives the server, and the server does not take by itself, is a local default, so that
// a variable that is added there cannot be forgotten here. Neither can one whose name says that it is secret.
func TestNoSecretIsForgotten(t *testing.T) {
	t.Parallel()
	shipped := composeDefaults(t)
	var local, secrets []string
	for _, v := range variables {
		if value := shipped[v.name]; value != "" && value != v.fallback {
			local = append(local, v.name)
		}
		if v.secret != nil {
			secrets = append(secrets, v.name)
			require.NotEmpty(t, v.secret.how, v.name)
		}
		if regexp.MustCompile(`SECRET|TOKEN|PASSWORD|KEY|DATABASE`).MatchString(v.name) {
			require.NotNil(t, v.secret, "%s: say what it holds that nobody else may know", v.name)
		}
	}
	require.Equal(t, shippedSecrets, local)
	require.Equal(t, shippedSecrets, secrets)
	for name := range shipped {
		require.True(t, slices.ContainsFunc(variables, func(v variable) bool { return v.name == name }) || strings.HasPrefix(name, "POSTGRES_") || name == "GOMEMLIMIT",
			"docker-compose.yml sets %s, which nobody reads", name)
	}
}

func TestALiveKeyAsksForSecrets(t *testing.T) {
	t.Parallel()
	_, warnings, err := liveWith(nil)
	require.NoError(t, err)
	require.Empty(t, warnings)
	for name, tc := range map[string]struct{ right, wrong []string }{
		"DATABASE_URL": {
			[]string{
				"host=/run/postgresql dbname=x", "postgres://app:mine@db/x?sslmode=verify-full",
				"postgres://app:mine@127.0.0.1/x?sslmode=disable", "host=::1 dbname=x sslmode=disable", "dbname=x user=app sslmode=disable",
			},
			[]string{"postgres://app:postgres@db/x?sslmode=verify-full", "host=a,b dbname=x user=app password=postgres sslmode=verify-full"},
		},
		"STRIPE_WEBHOOK_SECRET": {
			// Of Stripe's two forms, and one that is base64.
			[]string{
				"whsec_Kq0Zp7Lw2VbN9xTfYd4Ha6Rj3Gm8Cs5E", "whsec_" + strings.Repeat("0f1e2d3c4b5a6978", 4), "whsec_q1w2e3r4t5y6u7i8",
				goodWebhookSecret + ", whsec_Kq0Zp7Lw2VbN9xTfYd4Ha6Rj3Gm8Cs5E",
			},
			[]string{
				"a", "x", "whsec_" + secretMark, "whsec_" + strings.Repeat("x", 32), "whsec_localdefault", goodWebhookSecret + ",whsec_localdefault",
				"whsec_localdefault," + goodWebhookSecret, goodWebhookSecret + ",whsec_old", secretMark + "Kq0Zp7Lw2VbN9xTfYd4Ha6",
				"whsec_aG9va3Byb29mLXZlY3RvcnM=",
			},
		},
		"JWT_SECRET": {
			[]string{strings.Repeat("0f1e2d3c", 4), "correct horse battery staple and more"},
			[]string{strings.Repeat("x", 32), strings.Repeat("ab", 50), strings.Repeat("12345", 8), strings.Repeat(" ", 31) + "x"},
		},
		"METRICS_TOKEN": {
			[]string{"", "0123456789abcdef"},
			[]string{"x", secretMark, "0123456789abcde", strings.Repeat("x", 40)},
		},
		"STRIPE_API_BASE": {
			[]string{"", "https://api.stripe.com", "https://api.stripe.com/"},
			[]string{"http://api.stripe.com", "http://127.0.0.1:12111", "http://stripe-mock:12111/" + secretMark},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, value := range tc.right {
				c, warnings, err := liveWith(map[string]string{name: value})
				require.NoError(t, err, "%q", value)
				require.Empty(t, warnings, "%q", value)
				require.True(t, c.Livemode)
			}
			for _, value := range tc.wrong {
				c, warnings, err := liveWith(map[string]string{name: value})
				require.Error(t, err, "%q", value)
				require.Empty(t, c)
				require.Empty(t, warnings)
				require.True(t, strings.HasPrefix(err.Error(), name+" must "), err.Error())
				require.Contains(t, err.Error(), "beside a live Stripe key")
				require.NotContains(t, err.Error(), "\n", "one fault, one line")
				require.NotContains(t, err.Error(), secretMark)
			}
		})
	}
	// Beside a test key they are for local use.
	_, _, err = configWith(map[string]string{
		"STRIPE_WEBHOOK_SECRET": "a", "JWT_SECRET": strings.Repeat("x", 32), "METRICS_TOKEN": "x", "STRIPE_API_BASE": "http://stripe-mock:12111",
	})
	require.NoError(t, err)
}

// What is bad and may still be meant is a warning.
func TestALiveKeyWarns(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, value, says string }{
		{"DATABASE_URL", "postgres://app:" + secretMark + "@db/x?sslmode=disable", "sslmode=verify-full"},
		{"DATABASE_URL", "host=127.0.0.1,db dbname=x user=app password=" + secretMark + " sslmode=prefer", "sslmode=prefer"},
		{"DATABASE_URL", "host=localhost hostaddr=192.0.2.1 dbname=x sslmode=allow", "without TLS"},
		{"STRIPE_API_BASE", "https://proxy.example/" + secretMark, "api.stripe.com"},
		{"CHECKOUT_SUCCESS_URL", "", "localhost"},
		{"CHECKOUT_CANCEL_URL", "http://127.0.0.1:8080/" + secretMark, "localhost"},
	} {
		_, warnings, err := liveWith(map[string]string{tc.name: tc.value})
		require.NoError(t, err, "%s=%s", tc.name, tc.value)
		require.Len(t, warnings, 1, "%s=%s", tc.name, tc.value)
		require.True(t, strings.HasPrefix(warnings[0], tc.name+" "), warnings[0])
		require.Contains(t, warnings[0], tc.says)
		require.NotContains(t, warnings[0], secretMark)
	}
}

// reconcile reads few variables, the live key among them.
func TestALiveKeyIsHeededByEveryCommand(t *testing.T) {
	t.Parallel()
	environment := map[string]string{
		"DATABASE_URL": "host=db dbname=x user=postgres password=postgres", "STRIPE_SECRET_KEY": "sk_live_x", "STRIPE_API_BASE": "http://stripe-mock:12111",
	}
	_, err := configOnly(func(name string) string { return environment[name] }, "DATABASE_URL", "STRIPE_SECRET_KEY", "STRIPE_API_BASE")
	require.Error(t, err)
	require.Equal(t, []string{"DATABASE_URL", "STRIPE_API_BASE"}, namesOf(strings.Split(err.Error(), "\n")))
}
