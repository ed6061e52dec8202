package sftp

import (
	"crypto/ed25519"
	"encoding/pem"
	"net"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

func key(t *testing.T, phrase string) (text string, public ssh.PublicKey) {
	t.Helper()
	pub, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if phrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(phrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	if public, err = ssh.NewPublicKey(pub); err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block)), public
}

func TestSettingsTogether(t *testing.T) {
	t.Setenv(agentSocket, "")
	plain, _ := key(t, "")
	encrypted, _ := key(t, "open sesame")
	for name, c := range map[string]struct {
		settings share.Settings
		path     string // of the only problem; empty for none
		message  string
	}{
		"a key":                        {settings: share.Settings{settingKey: plain}},
		"an encrypted key":             {settings: share.Settings{settingKey: encrypted, settingPassphrase: "open sesame"}},
		"a password":                   {settings: share.Settings{settingPassword: "secret"}},
		"neither":                      {path: settingKey, message: "set VAST_SHARE_KEY_FILE or VAST_SHARE_PASSWORD"},
		"no passphrase":                {settings: share.Settings{settingKey: encrypted}, path: settingPassphrase, message: "is encrypted"},
		"another passphrase":           {settings: share.Settings{settingKey: encrypted, settingPassphrase: "open barley"}, path: settingPassphrase, message: "does not decrypt"},
		"a public key":                 {settings: share.Settings{settingKey: "ssh-ed25519 AAAAC3Nza canary"}, path: settingKey, message: "is not a private key"},
		"something else beside a pass": {settings: share.Settings{settingKey: "canary", settingPassword: "secret"}, path: settingKey, message: "is not a private key"},
	} {
		t.Run(name, func(t *testing.T) {
			problems := check(c.settings)
			if c.path == "" {
				if len(problems) > 0 {
					t.Error(problems)
				}
				return
			}
			if len(problems) != 1 || problems[0].Path != c.path || !strings.Contains(problems[0].Message, c.message) {
				t.Fatalf("%+v", problems)
			}
			for _, value := range c.settings {
				if strings.Contains(problems[0].Message, value) {
					t.Errorf("%q has a credential", problems[0].Message)
				}
			}
		})
	}
}

func TestASettingAlone(t *testing.T) {
	_, public := key(t, "")
	line := knownhosts.Line([]string{"[files.example.com]:2222"}, public)
	checks := map[string]func(string) error{}
	for _, s := range Definition().Settings {
		checks[s.Name] = s.Check
		if s.Secret && s.Check != nil {
			t.Errorf("the check of %s may repeat its value", s.Name)
		}
	}
	for _, c := range []struct {
		setting, value string
		ok             bool
	}{
		{settingHost, "files.example.com", true},
		{settingHost, "2001:db8::1", true},
		{settingHost, "sftp://files.example.com", false},
		{settingHost, "files.example.com:22", false},
		{settingHost, "robot@files.example.com", false},
		{settingHost, "files.example.com/dir", false},
		{settingPort, "2222", true},
		{settingPort, "0", false},
		{settingPort, "65536", false},
		{settingPort, "ssh", false},
		{settingHosts, line, true},
		{settingHosts, "files.example.com", false},
		{settingHosts, "files.example.com ssh-ed25519 nokey", false},
		{settingHostsFile, "# a comment\n\n" + line + "\n", true},
		{settingHostsFile, line + "\nnonsense\n", false},
		{settingTimeout, "90s", true},
		{settingTimeout, "90", false},
		{settingTimeout, "1ms", false},
	} {
		err := checks[c.setting](c.value)
		if (err == nil) != c.ok || err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%s=%q: %v", c.setting, c.value, err)
		}
	}
}

func TestLinesAboutOneHost(t *testing.T) {
	_, mine := key(t, "")
	_, other := key(t, "")
	_, authority := key(t, "")
	_, stolen := key(t, "")
	authorized := func(k ssh.PublicKey) string { return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(k))) }
	lines := []string{
		"# comment",
		knownhosts.Line([]string{"elsewhere.example.com"}, other),
		knownhosts.Line([]string{"files.example.com", "192.0.2.7"}, mine),
		"@cert-authority *.example.com " + authorized(authority),
		"@revoked * " + authorized(stolen),
		knownhosts.HashHostname("files.example.com") + " " + authorized(other),
		"*.example.org " + authorized(other),
	}
	got, err := hosts(strings.Join(lines, "\n")).concerning("files.example.com:22")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{lines[2], lines[3], lines[4], lines[5]}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got, err := hosts(strings.Join(lines, "\n")).concerning("unknown.example.net:22"); err != nil || len(got) > 0 {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := hosts(strings.Join(lines, "\n")).concerning(net.JoinHostPort("www.example.org", "2222")); err != nil || len(got) != 2 {
		t.Errorf("%q, %v", got, err)
	}
}

func TestAHostThatIsUnknownOnTheWorkstationIsAProblemOfTheUpload(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	_, problems := inCluster(share.Settings{settingHost: "files.example.com", settingPassword: "secret"})
	if len(problems) != 1 || problems[0].Path != settingHosts {
		t.Errorf("%+v", problems)
	}
}

func TestAPathIsOneWordOfAShell(t *testing.T) {
	for path, want := range map[string]string{
		"/srv/a-b_c.tar.gz": "/srv/a-b_c.tar.gz",
		"/srv/a b'c$(d)":    `/srv/a\ b\'c\$\(d\)`,
		"/srv/日本":           "/srv/日本",
		`/srv/a\b`:          `/srv/a\\b`,
	} {
		if got := quote(path); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}

func TestACompleteDefinitionOpensWithoutTheServer(t *testing.T) {
	_, public := key(t, "")
	p, err := open(share.Settings{settingHost: "files.example.com", settingUser: "robot", settingPassword: "secret", settingHosts: knownhosts.Line([]string{"files.example.com"}, public)})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if _, err := open(share.Settings{settingKey: "nonsense"}); !api.IsInvalidSpec(err) {
		t.Errorf("%T %v", err, err)
	}
}
