package server

import (
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"example.com/hookproof/store"
)

const (
	// tokenLife is how long a token is good for. There is no way to call one back before that: tokens are
	// checked without the database.
	tokenLife = time.Hour
	// tokenParty is both issuer and audience, so that a token that another service made with the same
	// secret is of no use here.
	tokenParty = "booking-server"
)

var errToken = errors.New("token has claims that this server does not issue")

// identity is who a request comes from, as its token says.
type identity struct {
	UserID uuid.UUID
	Role   store.Role
}

// tokens issues and checks the bearer tokens: JWTs signed with HS256 and no other algorithm.
type tokens struct {
	key    []byte
	now    func() time.Time
	parser *jwt.Parser
}

type tokenClaims struct {
	jwt.RegisteredClaims
	Role store.Role `json:"role"`
}

func newTokens(secret string, now func() time.Time) *tokens {
	return &tokens{key: []byte(secret), now: now, parser: jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithIssuer(tokenParty),
		jwt.WithAudience(tokenParty),
		jwt.WithExpirationRequired(),
		jwt.WithTimeFunc(now),
		jwt.WithStrictDecoding(),
	)}
}

// issue makes a token for a user. expiresAt is what the token says: in UTC, to the second.
func (t *tokens) issue(user store.User) (token string, expiresAt time.Time) {
	issuedAt := t.now().UTC().Truncate(time.Second)
	expiresAt = issuedAt.Add(tokenLife)
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, tokenClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    tokenParty,
			Audience:  jwt.ClaimStrings{tokenParty},
			Subject:   user.ID.String(),
			IssuedAt:  jwt.NewNumericDate(issuedAt),
			ExpiresAt: jwt.NewNumericDate(expiresAt),
		},
		Role: user.Role,
	}).SignedString(t.key)
	if err != nil {
		panic("HMAC over strings and numbers cannot fail: " + err.Error())
	}
	return token, expiresAt
}

// verify returns whose token it is. The error is for the log: why a token was refused helps nobody but a
// forger. It never quotes the token.
func (t *tokens) verify(token string) (identity, error) {
	var claims tokenClaims
	_, err := t.parser.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return t.key, nil })
	if err != nil {
		return identity{}, tokenFault(err)
	}
	id, err := uuid.Parse(claims.Subject)
	if err != nil || id.String() != claims.Subject { // Parse also takes braces and a urn: prefix
		return identity{}, errToken
	}
	switch claims.Role {
	case store.Customer, store.Ops, store.Admin:
		return identity{UserID: id, Role: claims.Role}, nil
	}
	return identity{}, errToken
}

// tokenFault reduces the parser's error to its kind: its texts may quote parts of the token.
func tokenFault(err error) error {
	for _, kind := range []error{
		jwt.ErrTokenExpired, jwt.ErrTokenSignatureInvalid, jwt.ErrTokenMalformed, jwt.ErrTokenInvalidClaims,
	} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	return errToken
}
