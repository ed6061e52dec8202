package redact

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOfAURLOnlyWhatIsNoCredentialStays(t *testing.T) {
	t.Parallel()
	got, want := map[string]string{}, map[string]string{
		"https://example.com/r.git":                             "https://example.com/r.git",
		"https://example.com:8443/r.git":                        "https://example.com:8443/r.git",
		"https://user:pw@example.com/r.git":                     "https://***@example.com/r.git",
		"https://ghp_token@example.com/r.git":                   "https://***@example.com/r.git",
		"HTTPS://user:p%40w@example.com/r.git":                  "HTTPS://***@example.com/r.git",
		"https://user:p@w@example.com/r.git":                    "https://***@example.com/r.git",
		"https://user:p/w@example.com/r.git":                    "https://***",
		"https://user:p?w@example.com/r.git":                    "https://***",
		"https://user:p#w@example.com/r.git":                    "https://***",
		"https://user:12/34@example.com":                        "https://***",
		"https://[::1/user:pw@example.com":                      "https://***",
		"https://example.com/scope/@name":                       "https://example.com/scope/@name",
		"https://user:pw@example.com/@name":                     "https://***",
		"ssh://git@example.com/r.git":                           "ssh://git@example.com/r.git",
		"ssh://git:pw@example.com:22/r.git":                     "ssh://***@example.com:22/r.git",
		"ssh://git%3Apw@example.com/r.git":                      "ssh://***@example.com/r.git",
		"git@example.com:r.git":                                 "git@example.com:r.git",
		"git:pw@example.com:r.git":                              "***@example.com:r.git",
		"s3://key:secret@bucket/path":                           "s3://***@bucket/path",
		"https%3A%2F%2Fuser%3Apw%40example.com":                 "https%3A%2F%2F***",
		"https://example.com/o?X-Amz-Signature=abc&x=y":         "https://example.com/o?***",
		"https://example.com/o?token=a@b":                       "https://example.com/o?***",
		"https://example.com:443/o?token=a@b&access_token=abcd": "https://***",
		"https://example.com/o#access_token=abc":                "https://example.com/o#***",
		"postgres://user:pw@db:5432/x":                          "postgres://***@db:5432/x",
		"file:///home/ann@lab/x":                                "file:///home/ann@lab/x",
		"":                                                      "",
	}
	for in := range want {
		got[in] = URL(in)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestInATextTheURLsAreRedacted(t *testing.T) {
	t.Parallel()
	got, want := map[string]string{}, map[string]string{
		`Get "https://user:pw@example.com/x?token=t": EOF`:              `Get "https://***@example.com/x?***": EOF`,
		"two: http://a:b@c and http://d:e@f.":                           "two: http://***@c and http://***@f.",
		"proxyconnect to user:pw@proxy:8080 failed":                     "proxyconnect to ***@proxy:8080 failed",
		"image example.com/app:v1@sha256:0123abcd is missing":           "image example.com/app:v1@sha256:0123abcd is missing",
		"https://user:a blank@example.com/x":                            "https://***@example.com/x",
		`parse "https://user:pa ss@example.com": invalid port ":pa ss"`: `parse "https://***@example.com": invalid port ":pa ss"`,
		"dial tcp 10.0.0.1:443: refused":                                "dial tcp 10.0.0.1:443: refused",
		"see https://example.com/docs.":                                 "see https://example.com/docs.",
		"see https://example.com:8080: refused":                         "see https://example.com:8080: refused",
		`there is no context "gke_lab/eu:one@two"`:                      `there is no context "gke_lab/eu:one@two"`,
		"proxy=user:pw@proxy:8080":                                      "proxy=***@proxy:8080",
		"a mail to ann@example.com":                                     "a mail to ann@example.com",
		"s3://k:s/e@bucket":                                             "s3://***",
	}
	for in := range want {
		got[in] = Text(in)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Whatever a password is made of, it does not come out.
func FuzzRedact(f *testing.F) {
	f.Add("user", "pw", "example.com", "/r.git")
	f.Add("", "p@w:p/w?p#w", "example.com:8443", "")
	f.Add("a b", "%40%2f", "[::1]", "/@scope/x?y=z")
	f.Add("user", "https://u:p@x", "h", "#@")
	f.Add("git", "\"' \t<>", "example.com", "/x")
	f.Add("A", "///", "example.com", "/")
	f.Fuzz(func(t *testing.T, user, password, host, path string) {
		const canary = "q7Zk2Xw9"
		password += canary
		if strings.Contains(user+host+path, canary) {
			t.Skip()
		}
		escaped := (&url.URL{Scheme: "https", User: url.UserPassword(user, password), Host: "example.com", Path: path}).String()
		login := user + ":" + password + "@" + host + path
		if opening.MatchString(login) {
			login = "" // a URL, and what looks like its password may be its path
		}
		for _, text := range []string{
			"https://" + user + ":" + password + "@" + host + path,
			"ssh://" + user + ":" + password + "@" + host + path,
			"HTTP://" + user + ":" + password + "@" + host + path,
			login,
			escaped,
			url.QueryEscape(escaped),
			"https://example.com/" + url.PathEscape(path) + "?sig=" + url.QueryEscape(password),
			"https://example.com/?a=b&access_token=" + password,
		} {
			if got := URL(text); strings.Contains(got, canary) {
				t.Errorf("URL(%q) = %q", text, got)
			}
		}
		// In a text a URL ends at a blank.
		if got := Text("cannot reach " + escaped + ": refused"); strings.Contains(got, canary) {
			t.Errorf("Text with %q: %q", escaped, got)
		}
	})
}
