// Package apiserver is what the agent asks of Kubernetes, over plain HTTP: a
// whole client library would be most of our program.
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
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// AccountDir is where a pod has the token of its service account.
const AccountDir = "/var/run/secrets/kubernetes.io/serviceaccount"

const (
	dialTime   = 10 * time.Second
	answerTime = 30 * time.Second
	// Nothing that is asked for is near this large.
	maxAnswer = 16 << 20
)

// Client talks to the API server as the pod's service account. It is safe for
// concurrent use.
type Client struct {
	base  string
	token string // the file: it is renewed every hour
	http  *http.Client
}

// New finds the API server and the service account of this pod.
func New() (*Client, error) {
	host, port := os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")
	if host == "" || port == "" {
		return nil, errors.New("this is no pod: KUBERNETES_SERVICE_HOST is not set")
	}
	return Open("https://"+net.JoinHostPort(host, port), AccountDir)
}

// Open uses the API server at base with the account whose token and ca.crt lie
// in dir.
func Open(base, dir string) (*Client, error) {
	ca, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	if err != nil {
		return nil, fmt.Errorf("the pod has no service account: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, errors.New("the service account's ca.crt holds no certificate")
	}
	return &Client{base: base, token: filepath.Join(dir, "token"), http: &http.Client{Transport: &http.Transport{
		DialContext:           (&net.Dialer{Timeout: dialTime, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:       &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   dialTime,
		ResponseHeaderTimeout: answerTime,
		IdleConnTimeout:       90 * time.Second,
	}}}, nil
}

// StatusError is what the API server said instead of doing what it was asked.
type StatusError struct {
	Code    int
	Message string
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("the API server says %d: %s", e.Code, e.Message)
}

// Is reports whether err is the API server's answer of that code.
func Is(err error, code int) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Code == code
}

// do sends one request. in is sent as JSON unless it is nil; out, unless it is
// nil, is filled from the answer.
func (c *Client) do(ctx context.Context, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(data)
	}
	answer, err := c.send(ctx, method, path, nil, body)
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

// send returns the body of an answer that is no error.
func (c *Client) send(ctx context.Context, method, path string, query url.Values, body io.Reader) (io.ReadCloser, error) {
	token, err := os.ReadFile(c.token)
	if err != nil {
		return nil, err
	}
	target := c.base + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	req.Header.Set("User-Agent", "vast-agent")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
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
	return &StatusError{Code: res.StatusCode, Message: strings.Join(strings.Fields(status.Message), " ")}
}
