// Package apiserver sends requests to the API server of Kubernetes over plain HTTP. The
// agent uses it, since a whole client library would be most of that program, and so does
// what runs in the agent and in clients alike.
package apiserver

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// AccountDir is where a pod has the token of its service account.
const AccountDir = "/var/run/secrets/kubernetes.io/serviceaccount"

const (
	dialTime   = 10 * time.Second
	answerTime = 30 * time.Second
	// maxAnswer bounds the answers of Do.
	maxAnswer = 64 << 20
)

// Client sends requests to one API server. It is safe for concurrent use.
type Client struct {
	base  string
	token string // a file, which is renewed every hour; empty if the HTTP client has credentials
	http  *http.Client
	// ahead is by how much the clock of the API server is ahead of ours, in nanoseconds.
	ahead atomic.Int64
}

// Now returns the time by the clock of the API server, as its last answer
// has it, to a second. Programs on several machines agree by it.
func (c *Client) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// InPod returns a client for the API server and the service account of this pod.
func InPod() (*Client, error) {
	host, port := os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")
	if host == "" || port == "" {
		return nil, errors.New("this is not a pod: KUBERNETES_SERVICE_HOST is not set")
	}
	return Open("https://"+net.JoinHostPort(host, port), AccountDir)
}

// Open returns a client for the API server at base with the account whose token and ca.crt
// are in dir.
func Open(base, dir string) (*Client, error) {
	ca, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	if err != nil {
		return nil, fmt.Errorf("the pod has no service account: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, errors.New("the service account's ca.crt contains no certificate")
	}
	return &Client{base: base, token: filepath.Join(dir, "token"), http: &http.Client{Transport: &http.Transport{
		DialContext:           (&net.Dialer{Timeout: dialTime, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:       &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   dialTime,
		ResponseHeaderTimeout: answerTime,
		IdleConnTimeout:       90 * time.Second,
		ForceAttemptHTTP2:     true,
	}}}, nil
}

// With returns a client for the API server at base whose HTTP client adds the credentials.
func With(base string, client *http.Client) *Client {
	return &Client{base: strings.TrimSuffix(base, "/"), http: client}
}

// StatusError is an answer of the API server that is not a success.
type StatusError struct {
	Code int
	// Reason is that of Kubernetes, such as "AlreadyExists"; it may be empty.
	Reason  metav1.StatusReason
	Message string
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("the API server returned %d: %s", e.Code, e.Message)
}

// Is reports whether err is an answer of the API server with that code.
func Is(err error, code int) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Code == code
}

// IsExisting reports whether err is the answer to a creation that an object of the name
// exists. Other conflicts have the same code.
func IsExisting(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Code == http.StatusConflict && status.Reason == metav1.StatusReasonAlreadyExists
}

// MergePatch is the content type of a JSON merge patch.
const MergePatch = "application/merge-patch+json"

// Request is a request to the API server.
type Request struct {
	Method, Path string
	Query        url.Values
	// Type is the content type of Body, application/json if it is empty.
	Type string
	// Body is sent as it is.
	Body []byte
	// Accept is the content type of the answer; empty for the server's choice.
	Accept string
}

// Do sends a request and decodes the JSON of the answer into out, unless out is nil. An
// answer that is not a success is a *StatusError.
func (c *Client) Do(ctx context.Context, r Request, out any) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	answer, err := c.Stream(ctx, r)
	if err != nil {
		return err
	}
	defer answer.Close()
	data, err := io.ReadAll(io.LimitReader(answer, maxAnswer))
	if err != nil || out == nil {
		return err
	}
	return json.Unmarshal(data, out)
}

// Send is Do with in as JSON, unless it is nil.
func (c *Client) Send(ctx context.Context, method, path string, in, out any) error {
	r := Request{Method: method, Path: path}
	if in != nil {
		var err error
		if r.Body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	return c.Do(ctx, r, out)
}

// Stream sends a request and returns the body of the answer, which has no time limit.
func (c *Client) Stream(ctx context.Context, r Request) (io.ReadCloser, error) {
	path, inline, _ := strings.Cut(r.Path, "?")
	target := c.base + path
	if query := strings.Trim(inline+"&"+r.Query.Encode(), "&"); query != "" {
		target += "?" + query
	}
	var body io.Reader
	if r.Body != nil {
		body = bytes.NewReader(r.Body)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, target, body)
	if err != nil {
		return nil, err
	}
	if c.token != "" {
		token, err := os.ReadFile(c.token)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
		req.Header.Set("User-Agent", "vast-agent")
	}
	if r.Accept != "" {
		req.Header.Set("Accept", r.Accept)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
		if r.Type != "" {
			req.Header.Set("Content-Type", r.Type)
		}
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	if date, err := http.ParseTime(res.Header.Get("Date")); err == nil {
		c.ahead.Store(int64(time.Until(date.Add(time.Second / 2)))) // the header has whole seconds
	}
	if res.StatusCode/100 != 2 {
		defer res.Body.Close()
		return nil, statusError(res)
	}
	return res.Body, nil
}

func statusError(res *http.Response) error {
	said, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	var status metav1.Status
	if json.Unmarshal(said, &status) != nil || status.Message == "" {
		status.Message = strings.TrimSpace(string(said))
	}
	return &StatusError{Code: res.StatusCode, Reason: status.Reason, Message: strings.Join(strings.Fields(status.Message), " ")}
}
