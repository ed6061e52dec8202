package shares

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/kubevast/vast/internal/share/providers"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

func TestSFTPOnOpenSSH(t *testing.T) {
	for name, config := range map[string][]string{
		"with commands":    nil,
		"without commands": {"ForceCommand internal-sftp"},
		"with one session": {"MaxSessions 1"},
	} {
		t.Run(name, func(t *testing.T) {
			server := startSSHD(t, t.TempDir(), config...)
			p := openShare(t, "sftp", server.at(server.address))
			defer p.Close()
			got, err := p.Capabilities(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			want := share.Capabilities{ResumeUpload: true, ResumeDownload: true, AtomicReplace: true, List: true, Remove: true}
			if config == nil {
				want.Checksums = []string{"sha256"}
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%+v, not %+v", got, want)
			}
			o := server.options()
			full := startSSHD(t, smallDisk(t, 6), config...).options()
			o.Full = &full
			runSuite(t, o)
		})
	}
	t.Parallel()
}

func TestSFTPOnRclone(t *testing.T) {
	server := startRcloneSFTP(t, t.TempDir())
	p := openShare(t, "sftp", server.at(server.address))
	defer p.Close()
	got, err := p.Capabilities(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := share.Capabilities{ResumeDownload: true, AtomicReplace: true, Checksums: []string{"sha256"}, List: true, Remove: true}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%+v, not %+v", got, want)
	}
	o := server.options()
	full := startRcloneSFTP(t, smallDisk(t, 6)).options()
	o.Full = &full
	runSuite(t, o)
}

func TestAWrongPasswordIsRefusedBeforeAnyContentIsRead(t *testing.T) {
	t.Parallel()
	server := startRcloneSFTP(t, t.TempDir())
	server.settings["VAST_SHARE_PASSWORD"] = "not the secret"
	wrongKey, _ := newKey(t)
	openSSH := startSSHD(t, t.TempDir())
	key, err := os.ReadFile(wrongKey)
	if err != nil {
		t.Fatal(err)
	}
	openSSH.settings["VAST_SHARE_KEY_FILE"] = string(key)
	for _, s := range []sftpServer{server, openSSH} {
		p := openShare(t, "sftp", s.at(s.address))
		defer p.Close()
		_, err := p.Upload(t.Context(), "a.tar.gz", unreadable(t), share.UploadOptions{})
		if !api.IsForbidden(err) {
			t.Errorf("%T %v", err, err)
		}
		if strings.Contains(fmt.Sprintf("%+v", err), "not the secret") {
			t.Error("the error contains the password")
		}
	}
}

// unreadable is a content that must not be read.
func unreadable(t testing.TB) share.Source {
	return share.Source{Size: 1 << 30, Checksums: share.Checksums{SHA256: strings.Repeat("0", 64)}, Open: func(context.Context, int64) (io.ReadCloser, error) {
		t.Error("the content is read")
		return nil, io.ErrUnexpectedEOF
	}}
}

func TestAnotherHostKeyIsNotAccepted(t *testing.T) {
	t.Parallel()
	server := startSSHD(t, t.TempDir())
	_, other := newKey(t)
	changed := server.at(server.address)
	changed["VAST_SHARE_KNOWN_HOSTS"] = knownhosts.Line([]string{knownhosts.Normalize(server.address)}, other)
	otherType := server.at(server.address)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	rsaPublic, err := ssh.NewPublicKey(&rsaKey.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	otherType["VAST_SHARE_KNOWN_HOSTS"] = knownhosts.Line([]string{knownhosts.Normalize(server.address)}, rsaPublic)
	unknown := server.at(server.address)
	unknown["VAST_SHARE_KNOWN_HOSTS"] = knownhosts.Line([]string{"elsewhere.example.com"}, server.hostKey)
	revoked := server.at(server.address)
	revoked["VAST_SHARE_KNOWN_HOSTS"] += "\n@revoked * " + strings.TrimSpace(string(ssh.MarshalAuthorizedKey(server.hostKey)))
	for _, c := range []struct {
		name     string
		settings share.Settings
		contains []string
	}{
		{"changed", changed, []string{ssh.FingerprintSHA256(server.hostKey), ssh.FingerprintSHA256(other), "has changed"}},
		{"of another type", otherType, []string{ssh.FingerprintSHA256(server.hostKey), ssh.FingerprintSHA256(rsaPublic), "has changed"}},
		{"unknown", unknown, []string{ssh.FingerprintSHA256(server.hostKey), "unknown", "VAST_SHARE_KNOWN_HOSTS", strings.Fields(string(ssh.MarshalAuthorizedKey(server.hostKey)))[1]}},
		{"revoked", revoked, []string{"revoked"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := openShare(t, "sftp", c.settings)
			defer p.Close()
			_, err := p.Upload(t.Context(), "a.tar.gz", unreadable(t), share.UploadOptions{})
			if !api.IsInvalidSpec(err) {
				t.Fatalf("%T %v", err, err)
			}
			for _, part := range c.contains {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q lacks %q", err, part)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("%q is not one line", err)
			}
		})
	}
}

// A line of known_hosts that is one of a certificate authority, or hashed, works in the
// cluster as it does on the workstation.
func TestTheKnownHostsOfAWorkstationServeInTheCluster(t *testing.T) {
	t.Parallel()
	server := startSSHD(t, t.TempDir())
	d, err := providers.Builtin().Lookup("sftp")
	if err != nil {
		t.Fatal(err)
	}
	_, other := newKey(t)
	key := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(server.hostKey)))
	hashed := knownhosts.HashHostname(knownhosts.Normalize(server.address)) + " " + key
	elsewhere := knownhosts.Line([]string{"elsewhere.example.com"}, other)
	old := knownhosts.Line([]string{knownhosts.Normalize(server.address)}, other)
	settings := server.at(server.address)
	delete(settings, "VAST_SHARE_KNOWN_HOSTS")
	settings["VAST_SHARE_KNOWN_HOSTS_FILE"] = strings.Join([]string{"# of a workstation", elsewhere, old, hashed, ""}, "\n")
	inside, problems := d.InCluster(settings)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if got, want := inside["VAST_SHARE_KNOWN_HOSTS"], old+"\n"+hashed; got != want || inside["VAST_SHARE_KNOWN_HOSTS_FILE"] != "" {
		t.Errorf("%q, not %q, and the file %q", got, want, inside["VAST_SHARE_KNOWN_HOSTS_FILE"])
	}
	p := openShare(t, "sftp", inside)
	defer p.Close()
	if _, err := p.Capabilities(t.Context()); err != nil {
		t.Error(err)
	}
}

// The test is not parallel: it sets the variable of ssh-agent.
func TestTheKeysOfSSHAgentAreUsedOnAWorkstationOnly(t *testing.T) {
	server := startSSHD(t, t.TempDir())
	private, err := ssh.ParseRawPrivateKey([]byte(server.settings["VAST_SHARE_KEY_FILE"]))
	if err != nil {
		t.Fatal(err)
	}
	keyring := agent.NewKeyring()
	if err := keyring.Add(agent.AddedKey{PrivateKey: private}); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(t.TempDir(), "agent")
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(keyring, c) }()
		}
	}()
	delete(server.settings, "VAST_SHARE_KEY_FILE")
	settings := server.at(server.address)
	d, err := providers.Builtin().Lookup("sftp")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSH_AUTH_SOCK", "")
	if problems := d.Check(settings); len(problems) != 1 {
		t.Errorf("without any credential: %v", problems)
	}
	t.Setenv("SSH_AUTH_SOCK", socket)
	if problems := d.Check(settings); len(problems) != 0 {
		t.Error(problems)
	}
	p := openShare(t, "sftp", settings)
	defer p.Close()
	if _, err := p.Capabilities(t.Context()); err != nil {
		t.Error(err)
	}
	if _, problems := d.InCluster(settings); len(problems) != 1 || !strings.Contains(problems[0].Message, "ssh-agent") {
		t.Errorf("%v", problems)
	}
}

// The disk is filled by another file while the content is sent.
func TestADiskThatFillsUpDuringTheUploadIsNoSpaceAndLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t, 24)
	server := startSSHD(t, dir)
	p := openShare(t, "sftp", server.at(server.address))
	defer p.Close()
	const size = 16 << 20
	fill := sync.OnceFunc(func() {
		if err := os.WriteFile(filepath.Join(dir, "other"), make([]byte, 18<<20), 0o600); err != nil {
			t.Error(err)
		}
	})
	source := share.Source{Size: size, Checksums: share.Checksums{SHA256: strings.Repeat("1", 64)}, Open: func(_ context.Context, offset int64) (io.ReadCloser, error) {
		return io.NopCloser(readerFunc(func(p []byte) (int, error) {
			if offset += int64(len(p)); offset > 1<<20 {
				fill()
			}
			return len(p), nil
		})), nil
	}}
	_, err := p.Upload(t.Context(), "a.tar.gz", source, share.UploadOptions{})
	if !api.IsUnavailable(err) || !strings.Contains(fmt.Sprint(err), "no space") {
		t.Errorf("%T %v", err, err)
	}
	if left := filesBelow(t, dir); len(left) != 1 || left[0] != "other" {
		t.Errorf("left behind: %q", left)
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// The processes of sshd that serve the connection are killed, not the network. What is
// on the disk is continued: all that the server has acknowledged, or, without a state, all
// but what can have been in flight.
func TestAnUploadContinuesAfterTheServerWasKilled(t *testing.T) {
	t.Parallel()
	for name, state := range map[string]share.State{"with a state": &oneState{}, "without a state": nil} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			server := startSSHD(t, dir)
			p := openShare(t, "sftp", server.at(server.address))
			defer p.Close()
			const size, killed, window = 48 << 20, 32 << 20, 9 << 20
			content := make([]byte, size)
			_, _ = mathrand.NewChaCha8([32]byte{7}).Read(content) // never fails
			sum := sha256.Sum256(content)
			kill, begun := true, []int64{}
			source := share.Source{Size: size, Checksums: share.Checksums{SHA256: hex.EncodeToString(sum[:])}, Open: func(_ context.Context, offset int64) (io.ReadCloser, error) {
				begun = append(begun, offset)
				at := offset
				return io.NopCloser(readerFunc(func(p []byte) (int, error) {
					if at == size {
						return 0, io.EOF
					}
					n := copy(p, content[at:])
					if at += int64(n); kill && at > killed {
						kill = false
						killSessions(t, server)
					}
					return n, nil
				})), nil
			}}
			_, err := p.Upload(t.Context(), "a.tar.gz", source, share.UploadOptions{State: state})
			if temporary := (*share.TemporaryError)(nil); !errors.As(err, &temporary) {
				t.Fatalf("%T %v", err, err)
			}
			if _, err := os.Stat(filepath.Join(dir, "a.tar.gz")); !os.IsNotExist(err) {
				t.Errorf("the archive is there: %v", err)
			}
			o, err := p.Upload(t.Context(), "a.tar.gz", source, share.UploadOptions{State: state})
			if err != nil {
				t.Fatal(err)
			}
			if o.Size != size || o.Checksums.SHA256 != hex.EncodeToString(sum[:]) {
				t.Errorf("%+v", o)
			}
			least := int64(killed - window)
			if state == nil {
				least -= window
			}
			// It reads one packet to compare it, and continues behind it.
			if len(begun) != 3 || begun[1] < least || begun[2] <= begun[1] {
				t.Errorf("the content was read from %v on; at least %d bytes had arrived", begun, least)
			}
			if left := filesBelow(t, dir); len(left) != 1 {
				t.Errorf("there are %q", left)
			}
		})
	}
}

type oneState struct{ text string }

func (s *oneState) Load(context.Context) (string, error) { return s.text, nil }

func (s *oneState) Save(_ context.Context, text string) error { s.text = text; return nil }
