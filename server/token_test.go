package server

import (
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"example.com/hookproof/store"
)

const tokenTestKey = "0123456789abcdef0123456789abcdef"

func TestTokenRoundTrip(t *testing.T) {
	t.Parallel()
	for _, role := range []store.Role{store.Customer, store.Ops, store.Admin} {
		clock := newFakeClock()
		clock.add(123 * time.Millisecond)
		tk := newTokens(tokenTestKey, clock.now)
		user := store.User{ID: uuid.New(), Role: role, Email: "a@example.com", PasswordHash: "hash"}
		token, expiresAt := tk.issue(user)
		require.Equal(t, clock.now().Truncate(time.Second).Add(time.Hour), expiresAt)

		who, err := tk.verify(token)
		require.NoError(t, err)
		require.Equal(t, identity{UserID: user.ID, Role: role}, who)

		clock.add(expiresAt.Sub(clock.now()) - 1)
		_, err = tk.verify(token)
		require.NoError(t, err, "good until its last moment")
		clock.add(1)
		_, err = tk.verify(token)
		require.ErrorIs(t, err, jwt.ErrTokenExpired)
	}
}

func TestTokenForgeries(t *testing.T) {
	t.Parallel()
	clock := newFakeClock()
	tk := newTokens(tokenTestKey, clock.now)
	good := func() jwt.MapClaims {
		return jwt.MapClaims{
			"iss": "booking-server", "aud": "booking-server", "sub": uuid.NewString(), "role": "ADMIN",
			"iat": clock.now().Unix(), "exp": clock.now().Add(time.Hour).Unix(),
		}
	}
	sign := func(method jwt.SigningMethod, key any, claims jwt.MapClaims) string {
		token, err := jwt.NewWithClaims(method, claims).SignedString(key)
		require.NoError(t, err)
		return token
	}
	with := func(name string, value any) string {
		claims := good()
		claims[name] = value
		if value == nil {
			delete(claims, name)
		}
		return sign(jwt.SigningMethodHS256, []byte(tokenTestKey), claims)
	}
	honest := with("unused", "x")
	_, err := tk.verify(honest)
	require.NoError(t, err, "the pattern that the forgeries differ from")
	parts := strings.Split(honest, ".")

	for name, token := range map[string]string{
		"alg none":              sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, good()),
		"alg none, signed":      strings.Split(sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, good()), ".")[0] + "." + parts[1] + "." + parts[2],
		"HS512":                 sign(jwt.SigningMethodHS512, []byte(tokenTestKey), good()),
		"HS384":                 sign(jwt.SigningMethodHS384, []byte(tokenTestKey), good()),
		"other key":             sign(jwt.SigningMethodHS256, []byte("another key of at least 32 bytes!"), good()),
		"empty key":             sign(jwt.SigningMethodHS256, []byte(""), good()),
		"no signature":          parts[0] + "." + parts[1] + ".",
		"other claims":          parts[0] + "." + strings.Split(with("sub", uuid.NewString()), ".")[1] + "." + parts[2],
		"other issuer":          with("iss", "somebody"),
		"no issuer":             with("iss", nil),
		"other audience":        with("aud", "another-server"),
		"no audience":           with("aud", nil),
		"no expiry":             with("exp", nil),
		"expired":               with("exp", clock.now().Unix()),
		"expiry is no number":   with("exp", "tomorrow"),
		"not yet":               with("nbf", clock.now().Add(time.Minute).Unix()),
		"unknown role":          with("role", "ROOT"),
		"role in small letters": with("role", "admin"),
		"no role":               with("role", nil),
		"role is no string":     with("role", []string{"ADMIN"}),
		"no subject":            with("sub", nil),
		"subject is no UUID":    with("sub", "1"),
		"subject in braces":     with("sub", "{"+uuid.NewString()+"}"),
		"no token":              "",
		"not a token":           "a.b.c",
		"two parts":             parts[0] + "." + parts[1],
		"with a space":          honest + " ",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			who, err := tk.verify(token)
			require.Error(t, err)
			require.Zero(t, who)
			if token != "" {
				require.NotContains(t, err.Error(), token)
			}
		})
	}
}
