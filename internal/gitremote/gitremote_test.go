package gitremote

import (
	"crypto/rand"
	"crypto/rsa"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"
)

func TestWhichRepositoriesAreTaken(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Remote{
		"https://example.com/a/b.git":           {Protocol: HTTPS, Host: "example.com", Path: "/a/b.git"},
		"HTTPS://Example.com/r":                 {Protocol: HTTPS, Host: "Example.com", Path: "/r"},
		"http://10.0.0.1:3000/r":                {Protocol: HTTP, Host: "10.0.0.1", Port: 3000, Path: "/r"},
		"https://[::1]:8443/r":                  {Protocol: HTTPS, Host: "::1", Port: 8443, Path: "/r"},
		"ssh://git@example.com:2222/r.git":      {Protocol: SSH, User: "git", Host: "example.com", Port: 2222, Path: "/r.git"},
		"ssh://example.com/~ann/r":              {Protocol: SSH, Host: "example.com", Path: "/~ann/r"},
		"git@example.com:a/b.git":               {Protocol: SSH, User: "git", Host: "example.com", Path: "a/b.git"},
		"example.com:r":                         {Protocol: SSH, Host: "example.com", Path: "r"},
		"git@ssh.dev.azure.com:v3/org/proj/rep": {Protocol: SSH, User: "git", Host: "ssh.dev.azure.com", Path: "v3/org/proj/rep"},
		"git@[::1]:r.git":                       {Protocol: SSH, User: "git", Host: "::1", Path: "r.git"},
	} {
		got, err := Parse(text)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", text, err, diff)
		}
	}
	for text, want := range map[string]string{
		"":                                 "is empty",
		"file:///srv/r":                    "begins with file://",
		"git://example.com/r":              "begins with git://",
		"ftp://example.com/r":              "begins with ftp://",
		"ext::sh -c x":                     "blank",
		"ext::x":                           "remote helper",
		"-oProxyCommand=x":                 `begins with "-"`,
		"--upload-pack=x":                  `begins with "-"`,
		"ssh://-oProxyCommand=x/r":         "host's name",
		"ssh://-x@example.com/r":           "user's name",
		"git@-x:r":                         "host's name",
		"-x@example.com:r":                 `begins with "-"`,
		"git@example.com:-x":               `begins with "-"`,
		"git@example.com:22:r":             "holds a port",
		"/srv/r":                           "is no URL",
		"../r":                             "is no URL",
		"./a:b":                            "is no URL",
		`C:\r`:                             "backslash",
		"https://":                         "host's name",
		"https:///r":                       "host's name",
		"https://example.com":              "no repository on it",
		"https://example.com/":             "no repository on it",
		"https://example.com:x/r":          "cannot be read",
		"https://example.com:/r":           "a port that cannot be",
		"https://example.com:70000/r":      "a port that cannot be",
		"https://exa mple.com/r":           "blank",
		"https://example.com/r\n":          "control character",
		"https://ex%61mple.com/r%zz":       "cannot be read",
		"https://b\u00fccher.example/r":    "host's name",
		"https://user:s3cret@host/r":       "GIT_TOKEN",
		"https://s3cret@host/r":            "GIT_TOKEN",
		"http://user:s3cret@host/r":        "GIT_TOKEN",
		"https://user:s3cret/x@host/r":     "cannot be read",
		"https://host/r?token=s3cret":      "GIT_TOKEN",
		"https://host/r#s3cret":            "GIT_TOKEN",
		"ssh://git:s3cret@host/r":          "GIT_SSH_KEY",
		"git:s3cret@host:r":                "GIT_SSH_KEY",
		"https%3A%2F%2Fuser%3As3cret@host": "is no URL",
	} {
		_, err := Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestWhichRefsCanBe(t *testing.T) {
	t.Parallel()
	for _, ref := range []string{"", "main", "feature/x", "v1.2.3", "refs/tags/v1", "0123abc", strings.Repeat("aB", 20)} {
		if err := CheckRef(ref); err != nil {
			t.Errorf("%q: %v", ref, err)
		}
	}
	for _, ref := range []string{"-x", "--upload-pack=x", "a b", "a\n", "a:b", "a..b", "x^", "x~1", "@{1}", "a*", "/a", "a/", "a.", `a\b`} {
		if err := CheckRef(ref); err == nil {
			t.Errorf("%q is taken", ref)
		}
	}
	if !IsCommit(strings.Repeat("aB", 20)) || IsCommit(strings.Repeat("a", 39)) || IsCommit(strings.Repeat("a", 41)) || IsCommit("main") {
		t.Error("only 40 hex digits are a commit's whole id")
	}
}

// The fingerprints are those that the hosts publish.
func TestThePublishedKeys(t *testing.T) {
	t.Parallel()
	want := map[string][]string{
		"github.com": {"SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU", "SHA256:p2QAMXNIC1TJYWeIOttrVc98/R1BUFWu3/LiyKgUfQM", "SHA256:uNiVztksCsDhcc0u9e8BujQXVUpKZIDTMczCvj3tD2s"},
		"gitlab.com": {"SHA256:eUXGGm1YGsMAS7vkcx6JOJdOGHPem5gQp4taiCfCLB8", "SHA256:HbW3g8zUjNSksFbqTiUWPWg2Bq1x8xdGUrliXFzSnUw", "SHA256:ROQFvPThGrW4RuWLoL9tq9I9zJ42fK4XywyRtbOz/EQ"},
		"bitbucket.org": {"SHA256:ybgmFkzwOSotHTHLJgHO0QN8L0xErw6vd0VhFA9m3SM", "SHA256:FC73VB6C4OQLSCrjEayhMp9UMxS97caD/Yyi2bhW/J0",
			"SHA256:46OSHA1Rmj8E8ERTC6xkNcmGOw9oFxYr0WF6zWW8l1E"},
		"ssh.dev.azure.com": {"SHA256:ohD8VZEXGWo6Ez8GSEJQ9WpafgLFsOfLOtGGQCQo6Og"},
		"codeberg.org":      {"SHA256:mIlxA9k46MmM6qdJOdMnAQpzGxF4WIVVL+fj+wZbw0g", "SHA256:T9FYDEHELhVkulEKKwge5aVhVTbqCW0MIRwAfpARs/E", "SHA256:6QQmYi4ppFS4/+zSZ5S4IU+4sa6rwvQ4PbhCtPEBekQ"},
	}
	got := map[string][]string{}
	for rest := []byte(Published); ; {
		_, hosts, key, _, more, err := ssh.ParseKnownHosts(rest)
		if err != nil {
			break
		}
		rest = more
		got[hosts[0]] = append(got[hosts[0]], ssh.FingerprintSHA256(key))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAKeyIsCheckedAgainstThoseThatAreKnown(t *testing.T) {
	t.Parallel()
	hosts, err := ReadHosts(Published)
	if err != nil {
		t.Fatal(err)
	}
	_, _, right, _, _, err := ssh.ParseKnownHosts([]byte(Published))
	if err != nil {
		t.Fatal(err)
	}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := ssh.NewPublicKey(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	whole := strings.Repeat("a", 40)
	for name, c := range map[string]struct {
		address, ref string
		key          ssh.PublicKey
		err          string
	}{
		"the known one":                        {"github.com:22", "main", right, ""},
		"another one":                          {"github.com:22", "main", wrong, "shows another key"},
		"another one, for a commit":            {"github.com:22", whole, wrong, "shows another key"},
		"of an unknown host":                   {"example.com:22", "main", right, "no key of the host example.com is known"},
		"of it, for the default branch":        {"example.com:22", "", right, "ssh-keyscan example.com"},
		"of it, at another port":               {"example.com:2222", "", right, "ssh-keyscan -p 2222 example.com"},
		"of it, for a commit":                  {"example.com:22", whole, wrong, ""},
		"of a known host's other port":         {"github.com:2222", "main", right, "no key of the host"},
		"of a host that only ends like one":    {"evil-github.com:22", "main", right, "no key of the host"},
		"of a host that only begins like one":  {"github.com.example:22", "main", right, "no key of the host"},
		"of a known host, written in capitals": {"GitHub.com:22", "main", wrong, "key"},
	} {
		err := hosts.Check(c.ref)(c.address, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 22}, c.key)
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %v, want %q", name, err, c.err)
		}
	}
	if lines := hosts.Lines("gitlab.com:22"); len(lines) != 3 || !hosts.Know("gitlab.com:22") || hosts.Know("example.com:22") || hosts.Lines("example.com:22") != nil {
		t.Errorf("%q", lines)
	}
}
