package fetcher

import (
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubevast/vast/sdk/orders"
)

// repository is served over HTTP by git itself.
type repository struct {
	url     string
	first   string // the commit of the tag v1
	secret  string // what is asked for as the password, empty for none
	allowed bool   // commits may be asked for by name
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
	gitIn(t, dir, "config", "http.uploadpack", "true")
	if r.allowed {
		gitIn(t, dir, "config", "uploadpack.allowAnySHA1InWant", "true")
	}
	backend := &cgi.Handler{Path: filepath.Join(gitIn(t, dir, "--exec-path"), "git-http-backend"),
		Env: []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_GLOBAL=/dev/null"}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if _, password, _ := req.BasicAuth(); password != r.secret {
			w.Header().Set("WWW-Authenticate", "Basic")
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		backend.ServeHTTP(w, req)
	}))
	t.Cleanup(server.Close)
	r.url = server.URL + "/r/.git"
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
		"at its default branch":        {want: "four"},
		"at a branch":                  {ref: func(*repository) string { return "feature/x" }, want: "three"},
		"at a tag":                     {ref: func(*repository) string { return "v1" }, want: "one"},
		"at an annotated tag":          {ref: func(*repository) string { return "v1-annotated" }, want: "one"},
		"at a full reference":          {ref: func(*repository) string { return "refs/tags/v1" }, want: "one"},
		"at a commit":                  {ref: func(r *repository) string { return r.first }, want: "one"},
		"at a commit asked for":        {repository: repository{allowed: true}, ref: func(r *repository) string { return r.first }, want: "one"},
		"at the beginning of a commit": {ref: func(r *repository) string { return r.first[:8] }, want: "one"},
		"with a token":                 {repository: repository{secret: "s3cret"}, variables: map[string]string{envToken: "s3cret"}, want: "four"},
		"not without one":              {repository: repository{secret: "s3cret"}, err: "GIT_TOKEN"},
		"not with a wrong one":         {repository: repository{secret: "s3cret"}, variables: map[string]string{envToken: "wr0ng"}, err: "GIT_TOKEN"},
		"not at what is not there":     {ref: func(*repository) string { return "nope" }, err: `no branch, tag or commit "nope"`},
		"not at a commit of another":   {ref: func(*repository) string { return strings.Repeat("a", 40) }, err: "no branch, tag or commit"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := c.repository
			serveRepository(t, &r)
			item := orders.Item{Git: r.url, To: filepath.Join(t.TempDir(), "sub", "work")}
			if c.ref != nil {
				item.Ref = c.ref(&r)
			}
			f := &Fetcher{Getenv: func(name string) string { return c.variables[name] }}
			for range 2 { // again does no harm
				err := f.Fetch(t.Context(), orders.Fetch{Items: []orders.Item{item}})
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

func TestAPasswordInAURLIsNotRepeated(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"https://user:pw@example.com/r.git": "https://user@example.com/r.git",
		"https://user@example.com/r.git":    "https://user@example.com/r.git",
		"git@example.com:r.git":             "git@example.com:r.git",
	} {
		if got := withoutPassword(in); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}
