package server

import (
	"errors"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"time"

	"example.com/hookproof/store"
)

type userJSON struct {
	ID    string     `json:"id"`
	Email string     `json:"email"`
	Role  store.Role `json:"role"`
}

func userAnswer(u store.User) userJSON {
	return userJSON{ID: u.ID.String(), Email: u.Email, Role: u.Role}
}

type credentials struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

func (s *Server) register(w http.ResponseWriter, r *http.Request) error {
	var body credentials
	if err := decodeBody(w, r, &body); err != nil {
		return err
	}
	email, err := CanonicalEmail(body.Email)
	if err != nil {
		return badRequest(err.Error())
	}
	hash, err := s.password.hash(r.Context(), body.Password)
	if err != nil {
		return err
	}
	user, err := s.store.CreateUser(r.Context(), email, hash, store.Customer)
	if errors.Is(err, store.ErrEmailTaken) {
		return conflict("this e-mail address is already registered")
	}
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, map[string]any{"user": userAnswer(user)})
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) error {
	var body credentials
	if err := decodeBody(w, r, &body); err != nil {
		return err
	}
	account := strings.ToLower(body.Email)
	if wait := s.logins.attempt(clientAddress(r, s.config.TrustedProxies), account); wait > 0 {
		return tooMany(wait)
	}
	user, err := s.store.UserByEmail(r.Context(), account)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	// An unknown address has no hash, and is compared all the same, so that it takes as long.
	right, err := s.password.check(r.Context(), user.PasswordHash, body.Password)
	if err != nil {
		return err
	}
	if !right {
		return unauthorized("the e-mail address or the password is wrong")
	}
	token, expiresAt := s.tokens.issue(user)
	return writeJSON(w, http.StatusOK, map[string]any{
		"token": token, "expiresAt": expiresAt.UTC().Format(time.RFC3339), "user": userAnswer(user),
	})
}

// signedIn lets a request with a valid bearer token through.
func (s *Server) signedIn(h func(http.ResponseWriter, *http.Request, identity) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return unauthorized("sign in at POST /auth/login and send its token as a bearer token")
		}
		who, err := s.tokens.verify(strings.TrimSpace(token))
		if err != nil {
			return invalidToken()
		}
		return h(w, r, who)
	}
}

// only lets the named roles through.
func (s *Server) only(h handler, roles ...store.Role) handler {
	return s.signedIn(func(w http.ResponseWriter, r *http.Request, who identity) error {
		if !slices.Contains(roles, who.Role) {
			return forbidden("your role does not allow this")
		}
		return h(w, r)
	})
}

// CanonicalEmail checks an e-mail address and answers it in lower case, as it is kept. Addresses are
// ASCII, so that lower case means the same to us and to PostgreSQL in every locale.
func CanonicalEmail(email string) (string, error) {
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email || len(email) > 254 {
		return "", errors.New("email is not an e-mail address such as ada@example.com")
	}
	for _, c := range []byte(email) {
		if c <= ' ' || c > '~' {
			return "", errors.New("email has characters other than ASCII; write an international domain in its xn-- form")
		}
	}
	return strings.ToLower(email), nil
}
