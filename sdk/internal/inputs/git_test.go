package inputs

import (
	"crypto/ed25519"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/kubevast/vast/internal/agentspec"
)

// newKey is a host's key.
func newKey(t *testing.T) ssh.PublicKey {
	t.Helper()
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestAHostIsKnownAsInTheUsersKnownHosts(t *testing.T) {
	ours, others := newKey(t), newKey(t)
	line := func(name string, key ssh.PublicKey) string { return knownhosts.Line([]string{name}, key) }
	hashed := knownhosts.HashHostname("host") + line("", ours)
	for name, c := range map[string]struct {
		text, known string
		want        []string
	}{
		"by the file of its user":            {"workdir: {url: 'git@host:x'}\n", line("host", ours), []string{line("host", ours)}},
		"by a file with other lines":         {"workdir: {url: 'git@host:x'}\n", "# mine\n???\n" + line("a", others) + "\n" + line("host", ours) + "\n", []string{line("host", ours)}},
		"by a hashed name":                   {"workdir: {url: 'ssh://git@host/x'}\n", hashed, []string{line("host", ours)}},
		"at another port":                    {"workdir: {url: 'ssh://git@host:2222/x'}\n", line("[host]:2222", ours), []string{line("[host]:2222", ours)}},
		"not needed of one that is built in": {"workdir: {url: 'git@github.com:x/y'}\n", line("github.com", others), nil},
		"not needed for a commit":            {"workdir: {url: 'git@host:x', ref: 0123456789abcdef0123456789abcdef01234567}\n", "", nil},
		"not needed with the task's own":     {"workdir: {url: 'git@host:x'}\nenvs: {GIT_KNOWN_HOSTS: 'host ssh-ed25519 AAAA'}\n", "", nil},
		"not needed of http":                 {"workdir: {url: 'http://host/x'}\n", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, map[string]string{".ssh/known_hosts": c.known})
			p, err := New(t.Context(), task(t, c.text), Options{Dir: dir, Home: dir})
			if err != nil {
				t.Fatal(err)
			}
			var items []agentspec.Item
			for _, f := range p.Files() {
				items = append(items, f.Sources...)
			}
			if diff := cmp.Diff(c.want, items[0].KnownHosts); diff != "" {
				t.Error(diff)
			}
		})
	}
}
