package process

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestACommandLineIsShownWithoutItsSecrets(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"node server.js":                              "node server.js",
		"app --webhook whsec_dGhl+b3Ro/ZXI=":          "app --webhook whsec_…",
		"app -k=sk_test_51Nx,rk_test_7":               "app -k=sk_test_…,rk_test_…",
		"app --stripe-key sk_live_1":                  "app --stripe-key sk_live_…",
		"app postgres://me:hidden@127.0.0.1/shop":     "app postgres://me:…@127.0.0.1/shop",
		"app http://127.0.0.1:3000 a@b.c":             "app http://127.0.0.1:3000 a@b.c",
		"app host=db;password=hidden;port=1":          "app host=db;password=…;port=1",
		"app postgres:///shop?user=a&password=hidden": "app postgres:///shop?user=a&password=…",
		"app --db-password=a=b --port 3000":           "app --db-password=… --port 3000",
		"app --db-password hidden -v":                 "app --db-password … -v",
		"app --max-tokens=100 --token-ttl=3600":       "app --max-tokens=100 --token-ttl=3600",
		"app --secret-file=/run/x PWD=/srv":           "app --secret-file=/run/x PWD=/srv",
		"app --ask-password -v":                       "app --ask-password -v",
		"app --API-KEY=hidden":                        "app --API-KEY=…",
	} {
		require.Equal(t, want, Shown(strings.Fields(line)), line)
	}
	p := Process{PID: 7, Command: []string{"app", "--secret", "whsec_x"}}
	require.Equal(t, "app --secret whsec_… (process 7)", p.String())
}
