package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/kubevast/vast/internal/redact"
	"github.com/kubevast/vast/sdk/api"
)

const (
	// webAttempts is how often a server is asked that cannot be reached, or
	// fails, with a pause between: as kubectl does it.
	webAttempts = 3
	webPause    = time.Second
	// webSilence bounds the wait for a server's answer, once it was asked.
	webSilence = 30 * time.Second
)

// IsURL reports whether path is a web address. As to kubectl, an address of
// another scheme is a file.
func IsURL(path string) bool {
	return strings.HasPrefix(path, "http://") || strings.HasPrefix(path, "https://")
}

// Name is what a file is called in messages and records: its path, and of a URL
// what holds no credentials, which is all in front of its query.
func Name(path string) string {
	if IsURL(path) {
		path, _, _ = strings.Cut(path, "?")
		path, _, _ = strings.Cut(path, "#")
		return redact.URL(path)
	}
	return path
}

// fetch reads a URL, as Read does a file.
func (r *Reader) fetch(ctx context.Context, address string, limit int64) ([]byte, error) {
	pause := webPause
	if r.pause != nil {
		pause = *r.pause
	}
	if _, err := url.Parse(address); err != nil {
		return nil, api.Invalid("", "the URL passed to filename %q is not valid: %v", Name(address), innermost(err))
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = webSilence
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	for attempt := 1; ; attempt++ {
		data, again, err := fetchOnce(ctx, client, address, limit)
		if err == nil || !again || attempt == webAttempts {
			return data, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}

// fetchOnce sends one request; again reports that a retry may succeed.
func fetchOnce(ctx context.Context, client *http.Client, address string, limit int64) (data []byte, again bool, err error) {
	name := Name(address)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, false, api.Invalid("", "the URL passed to filename %q is not valid: %v", name, innermost(err))
	}
	unavailable := func(err error) error {
		err = innermost(err)
		return &api.UnavailableError{Message: fmt.Sprintf("unable to read URL %q: %v", name, err), Cause: err}
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, true, unavailable(err)
	}
	defer answer.Body.Close() // nothing was written
	if answer.StatusCode != http.StatusOK {
		says := fmt.Sprintf("unable to read URL %q, server reported %s, status code=%d", name, http.StatusText(answer.StatusCode), answer.StatusCode)
		if answer.StatusCode >= 500 {
			return nil, true, &api.UnavailableError{Message: says}
		}
		return nil, false, api.Invalid("", "%s", says)
	}
	if data, err = io.ReadAll(io.LimitReader(answer.Body, limit)); err != nil {
		return nil, true, unavailable(err)
	}
	return data, false, nil
}

// innermost is an error without the URL that it is about, which may hold
// credentials.
func innermost(err error) error {
	for {
		var of *url.Error
		if !errors.As(err, &of) {
			return err
		}
		err = of.Err
	}
}
