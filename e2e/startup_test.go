package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/pem"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/pgserver"
	"example.com/hookproof/server"
)

// What a start finds out about the database before anything is served.

// opens starts a server with a database's URL and ends it. A start that waits in vain says so after a minute.
func opens(t *testing.T, databaseURL string, change ...func(*server.Config)) (logs string, err error) {
	t.Helper()
	buffer := &logBuffer{}
	config := shared.config(databaseURL, buffer)
	config.DatabaseWait = time.Minute
	for _, f := range change {
		f(&config)
	}
	s, err := server.Open(t.Context(), config)
	if err == nil {
		require.NoError(t, s.Close())
	}
	return buffer.String(), err
}

func databaseOf(t *testing.T, databaseURL string) string {
	t.Helper()
	u, err := url.Parse(databaseURL)
	require.NoError(t, err)
	return strings.TrimPrefix(u.Path, "/")
}

func TestAsynchronousCommitIsRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		sql, parameter string // what turns it off
		says           string
	}{
		"of the database":              {sql: `ALTER DATABASE %s SET synchronous_commit = off`, says: "ALTER DATABASE … RESET synchronous_commit"},
		"of the role in this database": {sql: `ALTER ROLE postgres IN DATABASE %s SET synchronous_commit = off`, says: "ALTER ROLE … IN DATABASE … RESET"},
		"in the URL":                   {parameter: "&synchronous_commit=off", says: "out of DATABASE_URL"},
		"in options of the URL":        {parameter: "&options=-c%20synchronous_commit%3Doff", says: "out of DATABASE_URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			databaseURL := emptyDatabase(t)
			if tc.sql != "" {
				_, err := shared.admin.Exec(strings.ReplaceAll(tc.sql, "%s", databaseOf(t, databaseURL)))
				require.NoError(t, err)
			}
			databaseURL += tc.parameter

			logs, err := opens(t, databaseURL)
			require.ErrorContains(t, err, "synchronous_commit off")
			require.ErrorContains(t, err, tc.says)
			require.ErrorContains(t, err, "ALLOW_ASYNCHRONOUS_COMMIT=true")
			require.NotContains(t, err.Error(), "\n")
			require.NotContains(t, err.Error(), shared.backend.password+"@")
			require.NotContains(t, logs, "migrations", "refused before anything is changed")

			logs, err = opens(t, databaseURL, func(c *server.Config) { c.AllowAsynchronousCommit = true })
			require.NoError(t, err)
			require.Contains(t, logs, "ALLOW_ASYNCHRONOUS_COMMIT accepts it", "each time")
		})
	}
}

// What is more than on, or as good in a crash, is nobody's business but the operator's.
func TestOtherCommitsAreAccepted(t *testing.T) {
	t.Parallel()
	databaseURL := emptyDatabase(t)
	for _, value := range []string{"on", "local", "remote_write", "remote_apply"} {
		logs, err := opens(t, databaseURL+"&synchronous_commit="+value)
		require.NoError(t, err, value)
		require.NotContains(t, logs, "synchronous_commit")
	}
}

// The commands that tell Stripe or an operator that an event is kept ask; those that a person repeats do not.
func TestWhichCommandsAskForSynchronousCommit(t *testing.T) {
	t.Parallel()
	databaseURL := emptyDatabase(t) + "&synchronous_commit=off"
	config := shared.config(databaseURL, &logBuffer{})
	address, err := freeAddress()
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	for _, args := range [][]string{{"serve"}, {"reconcile", "--since", "1h"}} {
		_, stderr, code := command(t, environment(config, port), "", args...)
		require.Equal(t, 1, code, args)
		require.Contains(t, stderr, "synchronous_commit off", args)
	}
	for _, args := range [][]string{{"migrate"}, {"user", "create", "--email", "root@example.com", "--role", "ADMIN"}} {
		_, stderr, code := command(t, environment(config, port), password, args...)
		require.Zero(t, code, "%v: %s", args, stderr)
	}
	config.AllowAsynchronousCommit = true
	stdout, stderr, code := command(t, environment(config, port), "", "reconcile", "--since", "1h")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "0 rejected")
	require.Contains(t, stderr, "ALLOW_ASYNCHRONOUS_COMMIT accepts it")
}

// Settings of the whole server are warned of, by name.
func TestSettingsThatLoseDataAreWarnedOf(t *testing.T) {
	t.Parallel()
	logs, err := opens(t, emptyDatabase(t))
	require.NoError(t, err)
	for _, setting := range []string{"fsync", "full_page_writes"} {
		var value string
		require.NoError(t, shared.admin.QueryRow(`SHOW `+setting).Scan(&value))
		require.Equal(t, value == "off", strings.Contains(logs, "The database has "+setting+" off"), "%s is %s", setting, value)
	}
	require.Contains(t, logs, "The database has fsync off", "as every test's database")
}

// What takes real money does not start with what everybody knows. Nothing is asked of the database before.
func TestALiveKeyWithPublishedSecrets(t *testing.T) {
	t.Parallel()
	good := shared.config("postgres://app:s3cr3tpassword@127.0.0.1:1/x?sslmode=disable", &logBuffer{})
	good.StripeKey, good.StripeAPIBase = "sk_live_s3cr3tkey", "https://api.stripe.com"
	good.WebhookSecrets = []string{"whsec_s3cr3tKq0Zp7Lw2VbN9xTfYd4Ha6"}
	good.JWTSecret, good.MetricsToken = "s3cr3t-0f1e2d3c4b5a69788796a5b4c3d2e1f0", "s3cr3t-0123456789abcdef"
	for name, tc := range map[string]struct {
		change func(*server.Config)
		names  string
	}{
		"the database's password": {func(c *server.Config) { c.DatabaseURL = "postgres://postgres:postgres@127.0.0.1:1/x?sslmode=disable" }, "DATABASE_URL"},
		"the webhook secret":      {func(c *server.Config) { c.WebhookSecrets = []string{"whsec_localdefault"} }, "STRIPE_WEBHOOK_SECRET"},
		"one of several":          {func(c *server.Config) { c.WebhookSecrets = append(c.WebhookSecrets, "whsec_localdefault") }, "STRIPE_WEBHOOK_SECRET"},
		"a webhook secret of one": {func(c *server.Config) { c.WebhookSecrets = []string{"a"} }, "STRIPE_WEBHOOK_SECRET"},
		"the JWT secret":          {func(c *server.Config) { c.JWTSecret = "local-default-jwt-secret-change-before-production" }, "JWT_SECRET"},
		"one character":           {func(c *server.Config) { c.JWTSecret = strings.Repeat("x", 32) }, "JWT_SECRET"},
		"spaces":                  {func(c *server.Config) { c.JWTSecret = strings.Repeat(" ", 32) }, "JWT_SECRET"},
		"the metrics' token":      {func(c *server.Config) { c.MetricsToken = "local-default-metrics-token" }, "METRICS_TOKEN"},
		"a key in the clear":      {func(c *server.Config) { c.StripeAPIBase = "http://127.0.0.1:1" }, "STRIPE_API_BASE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := good
			config.WebhookSecrets = slices.Clone(good.WebhookSecrets)
			tc.change(&config)
			stdout, stderr, code := command(t, environment(config, "1"), "")
			require.Equal(t, 1, code)
			require.Empty(t, stdout, "nothing was begun")
			require.True(t, strings.HasPrefix(stderr, tc.names+" must "), stderr)
			require.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
			require.NotContains(t, stderr, "s3cr3t")
		})
	}
}

// certificate makes one that signs itself, for the given host, which may be an address.
func certificate(t *testing.T, host string) (certificate, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	if address := net.ParseIP(host); address != nil {
		template.DNSNames, template.IPAddresses = nil, []net.IP{address}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}

// Every way in which DATABASE_URL and the server's TLS can disagree is one sentence, told at once.
func TestStartNamesTLS(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3tpassword"
	own, key := certificate(t, "127.0.0.1")
	other, _ := certificate(t, "127.0.0.1")
	postgres, err := pgserver.Start(t.Context(), pgserver.Config{
		Settings: map[string]string{"ssl": "on"},
		Files: map[string][]byte{"server.crt": own, "server.key": key, "pg_hba.conf": []byte(
			"host    all      postgres 127.0.0.1/32 scram-sha-256\n" + "hostssl all      guarded  127.0.0.1/32 scram-sha-256\n")},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, postgres.Close()) })
	admin, err := sql.Open("postgres", postgres.URL("postgres"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, admin.Close()) })
	for _, statement := range []string{
		`CREATE ROLE guarded LOGIN PASSWORD '` + secret + `'`, `CREATE ROLE nobody LOGIN PASSWORD '` + secret + `'`,
		`CREATE DATABASE booking_platform OWNER guarded`,
	} {
		_, err = admin.Exec(statement)
		require.NoError(t, err)
	}
	directory := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(directory, name)
		require.NoError(t, os.WriteFile(path, content, 0o600))
		return path
	}
	right, wrong := file("own.pem", own), file("other.pem", other)
	encrypted := strings.TrimPrefix(postgres.URL("booking_platform"), "postgres://")
	encrypted = encrypted[strings.Index(encrypted, "@")+1 : strings.Index(encrypted, "/")]
	_, port, err := net.SplitHostPort(encrypted)
	require.NoError(t, err)
	plainHost, plainPort, err := net.SplitHostPort(shared.backend.database)
	require.NoError(t, err)

	guarded := " user=guarded password=" + secret + " dbname=booking_platform"
	here := "host=127.0.0.1 port=" + port
	for name, tc := range map[string]struct {
		dsn  string
		says []string
	}{
		"the server demands TLS":        {here + guarded + " sslmode=disable", []string{"without TLS", "28000", "sslmode=verify-full in place of sslmode=disable"}},
		"no rule, with TLS or without":  {here + " user=nobody dbname=booking_platform sslmode=require password=" + secret, []string{"no rule in pg_hba.conf"}},
		"the server has no TLS":         {"host=" + plainHost + " port=" + plainPort + guarded + " sslmode=verify-full", []string{"offers no TLS", "sslmode=verify-full", "ssl = on"}},
		"none, and sslmode not written": {"host=" + plainHost + " port=" + plainPort + guarded, []string{"offers no TLS", "sslmode=require"}},
		"an unknown authority":          {here + guarded + " sslmode=verify-full", []string{"no authority known", "sslrootcert"}},
		"another authority":             {here + guarded + " sslmode=verify-full sslrootcert=" + wrong, []string{"has not signed", "sslrootcert"}},
		"another one, verify-ca":        {here + guarded + " sslmode=verify-ca sslrootcert=" + wrong, []string{"has not signed", "sslrootcert"}},
		"another host name":             {"host=localhost hostaddr=127.0.0.1 port=" + port + guarded + " sslmode=verify-full sslrootcert=" + right, []string{"another host name", "DATABASE_URL"}},
		"no such file":                  {here + guarded + " sslmode=verify-full sslrootcert=" + filepath.Join(directory, "none.pem"), []string{"file", "sslrootcert"}},
		"a wrong password":              {here + " user=guarded dbname=booking_platform sslmode=verify-full password=" + secret + "x sslrootcert=" + right, []string{"refuses the user or password"}},
		"two hosts that both refuse":    {"host=127.0.0.1,localhost hostaddr=127.0.0.1,127.0.0.1 port=" + port + guarded + " sslmode=verify-full", []string{"no authority known"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			logs, err := opens(t, tc.dsn)
			require.Error(t, err)
			for _, text := range tc.says {
				require.ErrorContains(t, err, text)
			}
			require.NotContains(t, err.Error(), "did not answer", "another try would end the same way")
			require.NotContains(t, err.Error(), "\n")
			require.NotContains(t, err.Error()+logs, secret)
			require.NotContains(t, err.Error()+logs, directory)
		})
	}
	t.Run("all is right", func(t *testing.T) {
		t.Parallel()
		_, err := admin.Exec(`CREATE DATABASE verified OWNER guarded`)
		require.NoError(t, err)
		_, err = opens(t, here+" user=guarded dbname=verified sslmode=verify-full password="+secret+" sslrootcert="+right)
		require.NoError(t, err)
	})
	t.Run("one of two hosts may still come", func(t *testing.T) {
		t.Parallel()
		address, err := freeAddress()
		require.NoError(t, err)
		_, closed, err := net.SplitHostPort(address)
		require.NoError(t, err)
		dsn := "host=127.0.0.1,127.0.0.1 port=" + closed + "," + port + guarded + " sslmode=verify-full"
		logs, err := opens(t, dsn, func(c *server.Config) { c.DatabaseWait = 4 * time.Second })
		require.ErrorContains(t, err, "did not answer within 4s")
		require.ErrorContains(t, err, "one of its hosts shows a TLS certificate that no authority known")
		require.Contains(t, logs, "Waiting for the database")
	})
}
