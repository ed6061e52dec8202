package sharetest_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
	"github.com/kubevast/vast/sdk/share/sharetest"
)

// careless is set for the process in which the suite runs against a careless provider.
const careless = "VAST_TEST_CARELESS"

func TestACarelessProvider(t *testing.T) {
	if os.Getenv(careless) == "" {
		t.Skip("TestTheSuiteFindsWhatACarelessProviderDoes runs it")
	}
	server := httptest.NewServer(&shelf{files: map[string][]byte{}})
	defer server.Close()
	sharetest.Run(t, sharetest.Options{Address: server.Listener.Addr().String(), HTTP: true, Secrets: []string{"s3cret"}, Many: 10,
		Open: func(_ testing.TB, address string) share.ShareProvider {
			return &provider{url: "http://user:s3cret@" + address + "/"}
		}})
}

var ended = regexp.MustCompile(`(?m)^ +--- (PASS|FAIL|SKIP): TestACarelessProvider/(\S+)`)

func TestTheSuiteFindsWhatACarelessProviderDoes(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run", "^TestACarelessProvider$", "-test.v")
	cmd.Env = append(os.Environ(), careless+"=1")
	out, err := cmd.CombinedOutput()
	if !errors.As(err, new(*exec.ExitError)) {
		t.Fatalf("the suite passes: %v\n%s", err, out)
	}
	results := map[string][]string{}
	for _, m := range ended.FindAllSubmatch(out, -1) {
		results[string(m[1])] = append(results[string(m[1])], strings.ReplaceAll(string(m[2]), "_", " "))
	}
	for _, want := range []string{
		"an existing archive is not replaced without Overwrite",
		"a name may have odd characters",
		"memory is bounded",
		"a cut upload continues or starts again",
		"a cut download continues",
		"a listing that is cut is no shorter listing",
		"a server that does not answer is unavailable for the time being",
		"each request of an upload may be refused once",
		"requests with content may be refused always",
		"an overloaded server is not asked before the time that it names",
		"refused credentials end an upload before its content is sent",
		"a redirect is an error and is not followed",
		"a server that ignores ranges is read from the beginning",
		"an upload that arrives with another size is no success",
		"a download that ends early is no success",
	} {
		if !slices.Contains(results["FAIL"], want) {
			t.Errorf("the suite does not find: %s", want)
		}
	}
	for _, want := range []string{"an archive of any size arrives", "a missing archive is not found", "a removed archive is gone"} {
		if !slices.Contains(results["PASS"], want) {
			t.Errorf("the suite finds fault with: %s", want)
		}
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
}

// shelf is a server that shows files while they arrive, and ignores Range.
type shelf struct {
	mu    sync.Mutex
	files map[string][]byte
}

// ServeHTTP implements http.Handler.
func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	switch r.Method {
	case http.MethodPut:
		s.set(name, nil)
		var content []byte
		buffer := make([]byte, 32<<10)
		for {
			n, err := r.Body.Read(buffer)
			content = append(content, buffer[:n]...)
			s.set(name, content)
			if err != nil {
				return
			}
		}
	case http.MethodDelete:
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.files, name)
	default:
		s.mu.Lock()
		defer s.mu.Unlock()
		if name == "" {
			for name, content := range s.files {
				_, _ = fmt.Fprintf(w, "%d %s\n", len(content), name) // the client may have gone
			}
			return
		}
		content, ok := s.files[name]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		_, _ = w.Write(content) // the client may have gone
	}
}

func (s *shelf) set(name string, content []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[name] = content
}

// provider makes the mistakes that are near at hand: it sends to the final name,
// buffers, follows redirects, checks no sizes and escapes no names.
type provider struct{ url string }

func (p *provider) Type() string { return "careless" }
func (p *provider) Close() error { return nil }

func (p *provider) Capabilities(context.Context) (share.Capabilities, error) {
	return share.Capabilities{List: true, Remove: true, ResumeDownload: true}, nil
}

func (p *provider) do(ctx context.Context, method, name string, body []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, p.url+name, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, p.url+name, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound {
		return nil, &api.NotFoundError{Kind: "archive", Name: name}
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return nil, fmt.Errorf("%s %s: %s", method, p.url+name, resp.Status)
	}
	content, _ := io.ReadAll(resp.Body) // one of the mistakes
	return content, nil
}

func (p *provider) Stat(ctx context.Context, name string) (share.Object, error) {
	content, err := p.do(ctx, http.MethodGet, name, nil)
	return share.Object{Name: name, Size: int64(len(content))}, err
}

func (p *provider) List(ctx context.Context) iter.Seq2[share.Object, error] {
	return func(yield func(share.Object, error) bool) {
		content, err := p.do(ctx, http.MethodGet, "", nil)
		if err != nil {
			yield(share.Object{}, err)
			return
		}
		for lines := bufio.NewScanner(bytes.NewReader(content)); lines.Scan(); {
			text, name, _ := strings.Cut(lines.Text(), " ")
			size, _ := strconv.ParseInt(text, 10, 64) // one of the mistakes
			if !yield(share.Object{Name: name, Size: size}, nil) {
				return
			}
		}
	}
}

func (p *provider) Upload(ctx context.Context, name string, source share.Source, o share.UploadOptions) (share.Object, error) {
	r, err := source.Open(ctx, 0)
	if err != nil {
		return share.Object{}, err
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		return share.Object{}, err
	}
	if _, err := p.do(ctx, http.MethodPut, name, content); err != nil {
		return share.Object{}, err
	}
	if o.Progress != nil {
		o.Progress(source.Size)
	}
	return share.Object{Name: name, Size: source.Size}, nil
}

func (p *provider) Download(ctx context.Context, name string, w io.WriterAt, o share.DownloadOptions) (share.Object, error) {
	content, err := p.do(ctx, http.MethodGet, name, nil)
	if err != nil {
		return share.Object{}, err
	}
	_, err = w.WriteAt(content, o.Offset) // one of the mistakes
	return share.Object{Name: name, Size: int64(len(content))}, err
}

func (p *provider) Remove(ctx context.Context, name string) error {
	if _, err := p.Stat(ctx, name); err != nil {
		return err
	}
	_, err := p.do(ctx, http.MethodDelete, name, nil)
	return err
}
