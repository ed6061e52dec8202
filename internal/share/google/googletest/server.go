// Package googletest has doubles of Google's services, which cannot be run here: Cloud
// Storage and Drive with the requests that an archive needs, the endpoint of OAuth
// tokens, and the protocol of resumable uploads. They are written from the published
// descriptions, which the comments name, and keep contents in files.
package googletest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Email is the name of the service account of every double.
const Email = "vast@lab.iam.gserviceaccount.com"

// Server is what the doubles have in common.
type Server struct {
	// URL of the double, which is also the endpoint of its API.
	URL string

	dir string
	key *rsa.PrivateKey
	mux *http.ServeMux

	mu       sync.Mutex
	sessions map[string]*session
	tokens   map[string]time.Time
	requests []string
	hook     func(w http.ResponseWriter, r *http.Request) bool
	lag      int64
	received int64
}

func newServer(t testing.TB) *Server {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{dir: t.TempDir(), key: key, mux: http.NewServeMux(), sessions: map[string]*session{}, tokens: map[string]time.Time{}}
	s.mux.HandleFunc("POST /token", s.token)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+r.Header.Get("Content-Range")+r.Header.Get("Range")))
		hook := s.hook
		s.mu.Unlock()
		if hook == nil || !hook(w, r) {
			s.mux.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Address returns where the server listens, "127.0.0.1:4711".
func (s *Server) Address() string { return strings.TrimPrefix(s.URL, "http://") }

// SetHook sets a function that sees every request first, and returns true if it has
// answered it. Nil removes it.
func (s *Server) SetHook(hook func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = hook
}

// SetLag sets how many bytes of each request that is not the last of an upload are not
// stored, as a service may do that answers before it has written all.
func (s *Server) SetLag(lag int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lag = lag
}

// Requests returns the requests so far: method, path, and Content-Range or Range.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Received returns how many bytes of contents were received.
func (s *Server) Received() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.received
}

// RevokeTokens makes the tokens that were given out invalid.
func (s *Server) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// KeyFile returns the content of the key file of the service account.
func (s *Server) KeyFile(t testing.TB) string {
	t.Helper()
	return KeyFile(t, s.key, s.URL+"/token")
}

// Secrets returns the parts of the key file that nothing may print.
func (s *Server) Secrets() []string {
	encoded := base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PrivateKey(s.key))
	return []string{"PRIVATE KEY", encoded[100:160]}
}

// KeyFile returns the content of a key file in the form of the Google Cloud console.
func KeyFile(t testing.TB, key *rsa.PrivateKey, tokenURL string) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	content, err := json.Marshal(map[string]string{
		"type": "service_account", "project_id": "lab", "private_key_id": "4711", "client_email": Email, "client_id": "100000000000000000001",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "token_uri": tokenURL,
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// token exchanges a signed assertion for a token
// (https://developers.google.com/identity/protocols/oauth2/service-account#httprest).
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	refuse := func(description string) {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant", "error_description": description})
	}
	if r.FormValue("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		refuse("Unsupported grant type")
		return
	}
	parts := strings.Split(r.FormValue("assertion"), ".")
	if len(parts) != 3 {
		refuse("Invalid JWT: not a JWS in compact form")
		return
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || rsa.VerifyPKCS1v15(&s.key.PublicKey, crypto.SHA256, digest[:], signature) != nil {
		refuse("Invalid JWT Signature.")
		return
	}
	var claims struct {
		Iss, Scope, Aud string
		Iat, Exp        int64
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &claims) != nil || claims.Iss != Email || claims.Aud != s.URL+"/token" || claims.Scope == "" {
		refuse("Invalid JWT: iss, aud or scope")
		return
	}
	if now := time.Now().Unix(); claims.Exp-claims.Iat > 3600 || claims.Exp < now || claims.Iat > now+300 {
		refuse("Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.")
		return
	}
	token := "ya29." + rand.Text()
	s.mu.Lock()
	s.tokens[token] = time.Now().Add(time.Hour)
	s.mu.Unlock()
	writeJSON(w, http.StatusOK, map[string]any{"access_token": token, "expires_in": 3599, "token_type": "Bearer"})
}

// signedIn reports whether the request has a valid token, and answers it if it has an invalid
// one, or none where that is required.
func (s *Server) signedIn(w http.ResponseWriter, r *http.Request, required bool) (in, answered bool) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	s.mu.Lock()
	until, known := s.tokens[token]
	s.mu.Unlock()
	switch {
	case known && time.Now().Before(until):
		return true, false
	case token != "":
		(&apiError{http.StatusUnauthorized, "authError", "Invalid Credentials"}).write(w)
		return false, true
	case required:
		(&apiError{http.StatusUnauthorized, "required", "Anonymous caller does not have access to the resource. Permission denied on resource (or it may not exist)."}).write(w)
		return false, true
	}
	return false, false
}

// apiError is an error in the form of
// https://cloud.google.com/storage/docs/json_api/v1/status-codes.
type apiError struct {
	code            int
	reason, message string
}

func (e *apiError) write(w http.ResponseWriter) {
	writeJSON(w, e.code, map[string]any{"error": map[string]any{
		"code": e.code, "message": e.message,
		"errors": []map[string]string{{"domain": "global", "reason": e.reason, "message": e.message}},
	}})
}

func badRequest(format string, args ...any) *apiError {
	return &apiError{http.StatusBadRequest, "invalid", fmt.Sprintf(format, args...)}
}

func writeJSON(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v) // the client is gone
}

// respond answers with v, reduced to the query's fields
// (https://cloud.google.com/storage/docs/json_api#partial-response); without any, to standard
// if that is not empty.
func respond(w http.ResponseWriter, r *http.Request, v any, standard string) {
	selected := r.URL.Query().Get("fields")
	if selected == "" {
		selected = standard
	}
	reduced, err := project(v, selected)
	if err != nil {
		badRequest("%v", err).write(w)
		return
	}
	writeJSON(w, http.StatusOK, reduced)
}

// Serve answers a request as the service does, for a hook that changes the request or
// the answer.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }
