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
	withdraw, wait := s.registrations.take(limitKey(s.clientAddress(r)))
	if wait > 0 {
		return tooMany(wait)
	}
	email, hash, err := s.newAccount(w, r)
	if err != nil {
		withdraw() // nothing was hashed, so that it cost nothing
		return err
	}
	user, err := s.store.CreateUser(r.Context(), email, hash, store.Customer)
	if err != nil {
		return err
	}
	subjectOf(r).setUser(user.ID)
	return writeJSON(w, http.StatusCreated, map[string]any{"user": userAnswer(user)})
}

// newAccount reads an account's e-mail address and hashes its password.
func (s *Server) newAccount(w http.ResponseWriter, r *http.Request) (email, hash string, err error) {
	var body credentials
	if err := decodeBody(w, r, &body); err != nil {
		return "", "", err
	}
	if email, err = CanonicalEmail(body.Email); err != nil {
		return "", "", badRequest(err.Error())
	}
	hash, err = s.password.hash(r.Context(), body.Password)
	return email, hash, err
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) error {
	attempt, wait := s.logins.from(s.clientAddress(r))
	if wait > 0 {
		return tooMany(wait)
	}
	user, right, err := s.authenticate(w, r, attempt)
	if err != nil {
		attempt.withdraw()
		return err
	}
	if !right {
		return unauthorized("the e-mail address or the password is wrong")
	}
	attempt.succeeded()
	token, expiresAt := s.tokens.issue(user)
	return writeJSON(w, http.StatusOK, map[string]any{
		"token": token, "expiresAt": expiresAt.UTC().Format(time.RFC3339), "user": userAnswer(user),
	})
}

// authenticate reports whether a request has an account's password. After an error no password was compared.
func (s *Server) authenticate(w http.ResponseWriter, r *http.Request, attempt *loginAttempt) (user store.User, right bool, err error) {
	var body credentials
	if err := decodeBody(w, r, &body); err != nil {
		return user, false, err
	}
	account := strings.ToLower(body.Email)
	if wait := attempt.to(account); wait > 0 {
		return user, false, tooMany(wait)
	}
	lane := s.password.signIns
	if attempt.familiar {
		lane = s.password.familiar
	}
	// Before the database is asked, so that a flood does not take its connections either.
	leave, err := lane.enter()
	if err != nil {
		return user, false, err
	}
	defer leave()
	user, err = s.store.UserByEmail(r.Context(), account)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return user, false, err
	}
	if err == nil {
		subjectOf(r).setUser(user.ID)
	}
	// An unknown address has no hash, and is compared all the same, so that it takes as long.
	right, err = s.password.check(r.Context(), lane, user.PasswordHash, body.Password)
	return user, right, err
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
		about := subjectOf(r)
		about.setUser(who.UserID)
		if id, err := pathID(r); err == nil {
			about.setBooking(id)
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
