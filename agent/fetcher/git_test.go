package fetcher

import (
	"encoding/pem"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/kubevast/vast/internal/agentspec"
)

// repository is served over HTTP by git itself.
type repository struct {
	url     string
	first   string // the commit of the tag v1
	secret  string // what is asked for as the password, empty for none
	allowed bool   // commits may be asked for by name
	posing  bool   // a branch and a tag are called like the first commit
	plain   bool   // it is served without TLS
	roots   []byte // the server's certificate
	dir     string
}

func gitIn(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a",
		"GIT_COMMITTER_EMAIL=a@example.com", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func serveRepository(t *testing.T, r *repository) {
	t.Helper()
	root := t.TempDir()
	dir := filepath.Join(root, "r")
	gitIn(t, root, "init", "-q", "-b", "main", "r")
	commit := func(content string) {
		if err := os.WriteFile(filepath.Join(dir, "run.sh"), []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
		gitIn(t, dir, "add", ".")
		gitIn(t, dir, "commit", "-q", "-m", content)
	}
	commit("one")
	r.first = gitIn(t, dir, "rev-parse", "HEAD")
	gitIn(t, dir, "tag", "v1")
	gitIn(t, dir, "tag", "-a", "v1-annotated", "-m", "x")
	commit("two")
	gitIn(t, dir, "checkout", "-q", "-b", "feature/x")
	commit("three")
	gitIn(t, dir, "checkout", "-q", "main")
	commit("four")
	if r.posing {
		gitIn(t, dir, "update-ref", "refs/heads/"+r.first, "main")
		gitIn(t, dir, "update-ref", "refs/tags/"+r.first, "main")
	}
	gitIn(t, dir, "config", "http.uploadpack", "true")
	if r.allowed {
		gitIn(t, dir, "config", "uploadpack.allowAnySHA1InWant", "true")
	}
	backend := &cgi.Handler{Path: filepath.Join(gitIn(t, dir, "--exec-path"), "git-http-backend"),
		Env: []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_GLOBAL=/dev/null"}}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if _, password, _ := req.BasicAuth(); password != r.secret {
			w.Header().Set("WWW-Authenticate", "Basic")
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		backend.ServeHTTP(w, req)
	}))
	t.Cleanup(server.Close)
	if r.plain {
		server.Start()
	} else {
		server.StartTLS()
		r.roots = certificate(server)
	}
	r.dir, r.url = dir, server.URL+"/r/.git"
}

func certificate(server *httptest.Server) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
}

func TestARepositoryIsCheckedOut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		repository repository
		ref        func(r *repository) string
		variables  map[string]string
		want       string
		err        string
	}{
		"at its default branch":                     {want: "four"},
		"at a branch":                               {ref: func(*repository) string { return "feature/x" }, want: "three"},
		"at a tag":                                  {ref: func(*repository) string { return "v1" }, want: "one"},
		"at an annotated tag":                       {ref: func(*repository) string { return "v1-annotated" }, want: "one"},
		"at a full reference":                       {ref: func(*repository) string { return "refs/tags/v1" }, want: "one"},
		"at a commit":                               {ref: func(r *repository) string { return r.first }, want: "one"},
		"at a commit asked for":                     {repository: repository{allowed: true}, ref: func(r *repository) string { return r.first }, want: "one"},
		"at a commit in capitals":                   {ref: func(r *repository) string { return strings.ToUpper(r.first) }, want: "one"},
		"at a commit, whatever branches are called": {repository: repository{posing: true}, ref: func(r *repository) string { return r.first }, want: "one"},
		"at a commit asked for, whatever they are called": {repository: repository{posing: true, allowed: true}, ref: func(r *repository) string { return r.first }, want: "one"},
		"without TLS":                  {repository: repository{plain: true}, want: "four"},
		"not without TLS with a token": {repository: repository{plain: true}, variables: map[string]string{envToken: "s3cret"}, err: "write the URL with https://"},
		"not at an option":             {ref: func(*repository) string { return "--upload-pack=x" }, err: "the ref is no name of a branch"},
		"at the beginning of a commit": {ref: func(r *repository) string { return r.first[:8] }, want: "one"},
		"with a token":                 {repository: repository{secret: "s3cret"}, variables: map[string]string{envToken: "s3cret"}, want: "four"},
		"not without one":              {repository: repository{secret: "s3cret"}, err: "GIT_TOKEN"},
		"not with a wrong one":         {repository: repository{secret: "s3cret"}, variables: map[string]string{envToken: "wr0ng"}, err: "GIT_TOKEN"},
		"not at what is not there":     {ref: func(*repository) string { return "nope" }, err: `no branch, tag or commit "nope"`},
		"not at a commit of another":   {ref: func(*repository) string { return strings.Repeat("a", 40) }, err: "it has no commit"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := c.repository
			serveRepository(t, &r)
			item := agentspec.Item{Git: r.url, To: filepath.Join(t.TempDir(), "sub", "work")}
			if c.ref != nil {
				item.Ref = c.ref(&r)
			}
			f := &Fetcher{Getenv: func(name string) string { return c.variables[name] }, roots: r.roots}
			for range 2 { // again does no harm
				err := f.Fetch(t.Context(), agentspec.Fetch{Items: []agentspec.Item{item}})
				if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
					t.Fatalf("error %v, want %q", err, c.err)
				}
				if err != nil {
					if strings.Contains(err.Error(), "wr0ng") || !strings.Contains(err.Error(), r.url) {
						t.Error(err)
					}
					return
				}
			}
			script := filepath.Join(item.To, "run.sh")
			if got, err := os.ReadFile(script); string(got) != c.want {
				t.Errorf("%q, %v", got, err)
			}
			if info, err := os.Stat(script); err != nil || info.Mode().Perm()&0o100 == 0 {
				t.Errorf("%v, %v", info, err)
			}
			if config, err := os.ReadFile(filepath.Join(item.To, ".git", "config")); err != nil || strings.Contains(string(config), "s3cret") {
				t.Errorf("%s, %v", config, err)
			}
		})
	}
}

// What a server that is not the repository's gets to see, when it is sent to it.
func TestATokenIsNotSentElsewhere(t *testing.T) {
	t.Parallel()
	for name, tls := range map[string]bool{"to another port with TLS": true, "to one without TLS": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var seen, asked atomic.Int32
			other := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				asked.Add(1)
				if req.Header.Get("Authorization") != "" || strings.Contains(req.URL.String(), "s3cret") {
					seen.Add(1)
				}
				w.WriteHeader(http.StatusUnauthorized)
			}))
			defer other.Close()
			if tls {
				other.StartTLS()
			} else {
				other.Start()
			}
			first := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				if _, password, _ := req.BasicAuth(); password != "s3cret" {
					t.Error("the repository's own server gets no token")
				}
				http.Redirect(w, req, other.URL+req.URL.String(), http.StatusFound)
			}))
			defer first.Close()
			roots := certificate(first)
			if tls {
				roots = append(roots, certificate(other)...)
			}
			f := &Fetcher{roots: roots, Getenv: func(name string) string { return map[string]string{envToken: "s3cret"}[name] }}
			err := f.Fetch(t.Context(), agentspec.Fetch{Items: []agentspec.Item{{Git: first.URL + "/r", To: filepath.Join(t.TempDir(), "w")}}})
			if err == nil || strings.Contains(err.Error(), "s3cret") || seen.Load() > 0 || tls && asked.Load() == 0 {
				t.Errorf("%d of %d requests had the token; %v", seen.Load(), asked.Load(), err)
			}
		})
	}
}

func TestWhatIsNoRepositoryIsRefusedBeforeAnythingIsDone(t *testing.T) {
	t.Parallel()
	local := t.TempDir()
	gitIn(t, local, "init", "-q")
	for _, url := range []string{"file://" + local, local, "git://example.com/r", "ext::sh -c touch", "-oProxyCommand=x", "https://u:s3cret@example.com/r", "https://s3cret@example.com/r", "https://u:s3 cret@example.com/r"} {
		dir := filepath.Join(t.TempDir(), "w")
		err := (&Fetcher{Getenv: func(string) string { return "" }}).Fetch(t.Context(), agentspec.Fetch{Items: []agentspec.Item{{Git: url, To: dir}}})
		if err == nil || strings.Contains(err.Error(), "s3") || !strings.Contains(err.Error(), "the URL ") {
			t.Errorf("%s: %v", url, err)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s: something was made", url)
		}
	}
}
