package sharetest

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// front is an HTTP proxy in front of the server, which causes one kind of fault.
type front struct {
	l      net.Listener
	to     *http.Transport
	target string
	mu     sync.Mutex
	fault  *fault
	// requests are those that have come, in order.
	requests []request
	handlers sync.WaitGroup
}

// request is one that has come.
type request struct {
	method string
	// body is how many bytes of its body were read.
	body int64
	// length is the body's as announced.
	length int64
	answer int
}

// fault is what happens to requests.
type fault struct {
	// applies reports whether it happens to the n-th request, from 0 on.
	applies func(n int, r *http.Request) bool
	// serve answers in place of the server, or passes the request on by f.
	serve func(f *front, w http.ResponseWriter, r *http.Request)
	times int
}

// onlyAt applies to one request.
func onlyAt(at int) func(int, *http.Request) bool {
	return func(n int, _ *http.Request) bool { return n == at }
}

func always(int, *http.Request) bool { return true }

// withMethod applies to the requests of the methods.
func withMethod(methods ...string) func(int, *http.Request) bool {
	return func(_ int, r *http.Request) bool { return slices.Contains(methods, r.Method) }
}

// withContent applies to requests that carry content.
func withContent(_ int, r *http.Request) bool { return r.ContentLength < 0 || r.ContentLength > 8*kib }

// front starts a proxy to the suite's server, which ends with the test.
func (s *suite) front(what *fault) *front {
	s.Helper()
	f := &front{target: s.Address, fault: what, to: &http.Transport{
		// An idle connection that the server closes would be a fault of the proxy's own.
		DisableKeepAlives: true, DisableCompression: true, ExpectContinueTimeout: time.Minute,
		DialContext: (&net.Dialer{}).DialContext,
	}}
	var err error
	if f.l, err = (&net.ListenConfig{}).Listen(s.ctx, "tcp", "127.0.0.1:0"); err != nil {
		s.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(f.serve), ReadHeaderTimeout: time.Minute}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(f.l) }) // it ends with Close
	s.Cleanup(func() {
		_ = server.Close() // the connections of a test that ends
		serving.Wait()
		f.handlers.Wait()
	})
	return f
}

func (f *front) address() string { return f.l.Addr().String() }

// seen returns the requests so far.
func (f *front) seen() []request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.requests)
}

// happened is how often the fault has happened.
func (f *front) happened() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fault.times
}

func (f *front) serve(w http.ResponseWriter, r *http.Request) {
	f.handlers.Add(1)
	defer f.handlers.Done()
	f.mu.Lock()
	n := len(f.requests)
	f.requests = append(f.requests, request{method: r.Method, length: r.ContentLength})
	due := f.fault != nil && f.fault.applies(n, r)
	if due {
		f.fault.times++
	}
	f.mu.Unlock()
	// The server's own request keeps its body: it must see that this one waits for "100
	// Continue".
	r = r.WithContext(r.Context())
	r.Body = &counted{ReadCloser: r.Body, add: func(k int) {
		f.mu.Lock()
		f.requests[n].body += int64(k)
		f.mu.Unlock()
	}}
	w = &recorded{ResponseWriter: w, status: func(status int) {
		f.mu.Lock()
		f.requests[n].answer = status
		f.mu.Unlock()
	}}
	if due {
		f.fault.serve(f, w, r)
		return
	}
	f.pass(w, r)
}

// pass passes a request on, and its answer back.
func (f *front) pass(w http.ResponseWriter, r *http.Request) {
	answer, err := f.ask(r)
	if err != nil {
		drop(w, byRST)
		return
	}
	defer answer.Body.Close()
	reply(w, answer)
	if _, err := io.Copy(w, answer.Body); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// ask passes a request on.
func (f *front) ask(r *http.Request) (*http.Response, error) {
	out := r.Clone(context.WithoutCancel(r.Context()))
	out.URL = &url.URL{Scheme: "http", Host: f.target, Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	out.RequestURI, out.Close = "", false
	out.Header.Del("Connection")
	if _, ok := out.Header["User-Agent"]; !ok {
		out.Header["User-Agent"] = nil // the transport would set one
	}
	if r.ContentLength == 0 {
		out.Body = http.NoBody
	}
	return f.to.RoundTrip(out)
}

// reply writes the head of an answer.
func reply(w http.ResponseWriter, answer *http.Response) {
	for key, values := range answer.Header {
		if key != "Connection" && key != "Keep-Alive" && key != "Transfer-Encoding" {
			w.Header()[key] = values
		}
	}
	w.WriteHeader(answer.StatusCode)
}

// drop ends the client's connection without an answer.
func drop(w http.ResponseWriter, how end) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok && how == byRST {
		_ = tcp.SetLinger(0) // Close sends RST then
	}
	_ = conn.Close()
}

type counted struct {
	io.ReadCloser
	add func(int)
}

// Read implements io.Reader.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.add(n)
	return n, err
}

type recorded struct {
	http.ResponseWriter
	status func(int)
}

// WriteHeader implements http.ResponseWriter.
func (r *recorded) WriteHeader(status int) {
	if status >= http.StatusOK {
		r.status(status)
	}
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap returns the writer for http.ResponseController.
func (r *recorded) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// answers replies with a status in place of the server.
func answers(status int, header ...string) func(*front, http.ResponseWriter, *http.Request) {
	return func(_ *front, w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<html><body>"+http.StatusText(status)+"</body></html>") // the client may have gone
	}
}

// loses passes a request on completely, and ends the connection in place of the answer.
func loses(f *front, w http.ResponseWriter, r *http.Request) {
	if answer, err := f.ask(r); err == nil {
		_, _ = io.Copy(io.Discard, answer.Body) // it is lost
		_ = answer.Body.Close()
	}
	drop(w, byFIN)
}
