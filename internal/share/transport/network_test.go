package transport

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// raw serves each connection by a function.
func raw(t *testing.T, handle func(net.Conn)) *url.URL {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go handle(conn)
		}
	}()
	return at(t, "http://"+l.Addr().String()+"/dav/a")
}

func TestAServerThatStallsIsATemporaryError(t *testing.T) {
	hold := func(conn net.Conn, answer string) {
		_, _ = conn.Read(make([]byte, 4096)) // the request's header
		_, _ = conn.Write([]byte(answer))
		<-t.Context().Done()
		_ = conn.Close()
	}
	silent := raw(t, func(conn net.Conn) { hold(conn, "") })
	stuck := raw(t, func(conn net.Conn) { hold(conn, "HTTP/1.1 100 Continue\r\n\r\n") })
	partial := raw(t, func(conn net.Conn) { hold(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc") })
	c := client(t, Options{Timeout: 200 * time.Millisecond})
	requests := map[string]func() error{
		"no answer": func() error { _, err := c.Do(c.NewRequest(t.Context(), "GET", silent)); return err },
		"an upload of which nothing more is taken": func() error {
			_, err := c.Send(c.NewRequest(t.Context(), "PUT", stuck), &zeros{left: 1 << 30}, 1<<30, nil)
			return err
		},
		"an upload that is never answered": func() error {
			_, err := c.Send(c.NewRequest(t.Context(), "PUT", silent), &zeros{left: 1000}, 1000, nil)
			return err
		},
		"a download that stands still": func() error {
			_, err := c.Fetch(t.Context(), partial, "a", &buffer{}, share.DownloadOptions{}, nil)
			return err
		},
	}
	for name, request := range requests {
		err := request()
		var temporary *share.TemporaryError
		limit := "200ms"
		if strings.Contains(name, "never answered") {
			limit = "1s" // the server has the whole of it
		}
		if !errors.As(err, &temporary) || !IsStalled(err) || !strings.Contains(err.Error(), "nothing for "+limit) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestASlowServerAndASlowReaderAreNotStalled(t *testing.T) {
	u := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 4 {
			_, _ = w.Write([]byte("abc"))
			w.(http.Flusher).Flush()
			time.Sleep(400 * time.Millisecond) // a server that is slow, not one that stalls
		}
	})
	c := client(t, Options{Timeout: 1500 * time.Millisecond})
	resp, err := c.Do(c.NewRequest(t.Context(), "GET", u))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	time.Sleep(1600 * time.Millisecond) // the reader is slow
	if got, err := io.ReadAll(resp.Body); err != nil || len(got) != 12 {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestACanceledRequestReturnsTheCause(t *testing.T) {
	u := raw(t, func(net.Conn) { <-t.Context().Done() })
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stopped by the user")
	cancel(stop)
	c := client(t, Options{})
	if _, err := c.Do(c.NewRequest(ctx, "GET", u)); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}

func TestErrorsOfTheNetworkArePermanentOnlyWhereASettingIsWrong(t *testing.T) {
	secure := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(secure.Close)
	secure.Config.ErrorLog = nil
	plain := serve(t, func(http.ResponseWriter, *http.Request) {})
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	cut := raw(t, func(conn net.Conn) { _ = conn.Close() })
	for name, tc := range map[string]struct {
		url       string
		temporary bool
		text      string
	}{
		"refused":     {"http://" + closed.Addr().String(), true, "refuses the connection"},
		"cut":         {cut.String(), true, cut.Host}, // it is cut before or after the request is written
		"no host":     {"http://no-such-host.invalid/", false, `the host "no-such-host.invalid" does not exist`},
		"untrusted":   {secure.URL, false, "is not trusted"},
		"without TLS": {"https://" + plain.Host, false, "answers without TLS"},
	} {
		c := client(t, Options{})
		_, err := c.Do(c.NewRequest(t.Context(), "GET", at(t, tc.url)))
		var temporary *share.TemporaryError
		if errors.As(err, &temporary) != tc.temporary || !tc.temporary && !api.IsInvalidSpec(err) || !strings.Contains(fmt.Sprint(err), tc.text) {
			t.Errorf("%s: %T %v", name, err, err)
		}
	}
}

func TestACertificateOfTheSettingsIsTrusted(t *testing.T) {
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }))
	t.Cleanup(secure.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	c := client(t, Options{CA: string(ca)})
	resp, err := c.Do(c.NewRequest(t.Context(), "GET", at(t, secure.URL)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if got, err := io.ReadAll(resp.Body); err != nil || string(got) != "HTTP/1.1" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := New(Options{CA: "no certificate"}); !api.IsInvalidSpec(err) {
		t.Errorf("got %v", err)
	}
}
