package sftp

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// server is the server of github.com/pkg/sftp for one folder. Unlike OpenSSH's, its plain
// rename replaces a file.
type server struct {
	dir      string
	settings share.Settings
	// sum, if set, is what sha256sum prints in place of a sum.
	sum func(file, sum string) string
	// logins counts connections.
	logins atomic.Int64
}

func serve(t *testing.T, s *server) *server {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{PasswordCallback: func(_ ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
		if string(password) != "secret" {
			return nil, errors.New("refused")
		}
		s.logins.Add(1)
		return nil, nil
	}}
	config.AddHostKey(signer)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.connection(c, config)
		}
	}()
	s.dir = t.TempDir()
	host, port, _ := net.SplitHostPort(l.Addr().String())
	s.settings = share.Settings{settingHost: host, settingPort: port, settingUser: "robot", settingPassword: "secret", settingDir: s.dir,
		settingHosts: knownhosts.Line([]string{knownhosts.Normalize(l.Addr().String())}, signer.PublicKey())}
	return s
}

func (s *server) connection(c net.Conn, config *ssh.ServerConfig) {
	_, channels, requests, err := ssh.NewServerConn(c, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for channel := range channels {
		ch, requests, err := channel.Accept()
		if err != nil {
			return
		}
		go func() {
			defer ch.Close()
			for r := range requests {
				text := ""
				if len(r.Payload) > 4 {
					text = string(r.Payload[4:])
				}
				switch {
				case r.Type == "subsystem":
					_ = r.Reply(true, nil)
					server, err := sftp.NewServer(ch)
					if err == nil {
						_ = server.Serve() // until the client closes it
					}
					return
				case r.Type == "exec" && s.sum != nil:
					_ = r.Reply(true, nil)
					file := strings.TrimPrefix(text, "sha256sum ")
					content, _ := os.ReadFile(file)
					sum := sha256.Sum256(content)
					fmt.Fprintln(ch, s.sum(file, hex.EncodeToString(sum[:])), file)
					_, _ = ch.SendRequest("exit-status", false, []byte{0, 0, 0, 0})
					return
				default:
					_ = r.Reply(false, nil)
				}
			}
		}()
	}
}

func (s *server) open(t *testing.T) share.ShareProvider {
	t.Helper()
	p, err := open(s.settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// has fails the test unless the folder has one file with this content.
func (s *server) has(t *testing.T, name, content string) {
	t.Helper()
	entries, err := os.ReadDir(s.dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("there are %v, %v", entries, err)
	}
	if got, err := os.ReadFile(filepath.Join(s.dir, name)); err != nil || string(got) != content {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// source calls then, if set, before the content is read.
func source(content string, then func()) share.Source {
	sum := sha256.Sum256([]byte(content))
	return share.Source{Size: int64(len(content)), Checksums: share.Checksums{SHA256: hex.EncodeToString(sum[:])}, Open: func(_ context.Context, offset int64) (io.ReadCloser, error) {
		if then != nil {
			then()
		}
		return io.NopCloser(strings.NewReader(content[offset:])), nil
	}}
}

// The extensions are those of the whole process.
func TestWithoutPosixRenameAnArchiveIsReplacedAfterTheNewOneIsComplete(t *testing.T) {
	if err := sftp.SetSFTPExtensions("hardlink@openssh.com"); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = sftp.SetSFTPExtensions("hardlink@openssh.com", "posix-rename@openssh.com", "statvfs@openssh.com")
	}()
	s := serve(t, &server{})
	p := s.open(t)
	can, err := p.Capabilities(t.Context())
	if err != nil || can.AtomicReplace || !can.ResumeUpload || len(can.Checksums) > 0 {
		t.Errorf("%+v, %v", can, err)
	}
	if _, err := p.Upload(t.Context(), "a.tar.gz", source("old", nil), share.UploadOptions{}); err != nil {
		t.Fatal(err)
	}
	seen := ""
	_, err = p.Upload(t.Context(), "a.tar.gz", source("the new one", func() {
		old, _ := os.ReadFile(filepath.Join(s.dir, "a.tar.gz"))
		seen = string(old)
	}), share.UploadOptions{Overwrite: true})
	if err != nil || seen != "old" {
		t.Errorf("%v, %q during the upload", err, seen)
	}
	s.has(t, "a.tar.gz", "the new one")
}

func TestANameThatAppearsDuringTheUploadIsAConflict(t *testing.T) {
	s := serve(t, &server{})
	_, err := s.open(t).Upload(t.Context(), "a.tar.gz", source("ours", func() {
		if err := os.WriteFile(filepath.Join(s.dir, "a.tar.gz"), []byte("of another"), 0o600); err != nil {
			t.Error(err)
		}
	}), share.UploadOptions{})
	if !api.IsConflict(err) {
		t.Errorf("%T %v", err, err)
	}
	s.has(t, "a.tar.gz", "of another")
}

func TestAnotherChecksumOnTheServerIsNoSuccessAndTheOldArchiveStays(t *testing.T) {
	wrong := true
	s := serve(t, &server{sum: func(file, sum string) string {
		if wrong && strings.Contains(file, "a.tar.gz"+share.TemporaryMark) {
			return strings.Repeat("0", 64)
		}
		return sum
	}})
	if err := os.WriteFile(filepath.Join(s.dir, "a.tar.gz"), []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := s.open(t)
	if can, err := p.Capabilities(t.Context()); err != nil || len(can.Checksums) != 1 {
		t.Fatalf("%+v, %v", can, err)
	}
	_, err := p.Upload(t.Context(), "a.tar.gz", source("the new one", nil), share.UploadOptions{Overwrite: true})
	if !errors.As(err, new(*share.TemporaryError)) {
		t.Errorf("%T %v", err, err)
	}
	s.has(t, "a.tar.gz", "old")
	wrong = false
	o, err := p.Upload(t.Context(), "a.tar.gz", source("the new one", nil), share.UploadOptions{Overwrite: true})
	if err != nil || o.Checksums.SHA256 != source("the new one", nil).Checksums.SHA256 {
		t.Errorf("%+v, %v", o, err)
	}
	s.has(t, "a.tar.gz", "the new one")
}

// A command that prints something else, as a restricted shell does, is no checksum.
func TestAServerThatPrintsSomethingElseHasNoChecksums(t *testing.T) {
	s := serve(t, &server{sum: func(string, string) string { return "This account is for file transfers only." }})
	if can, err := s.open(t).Capabilities(t.Context()); err != nil || len(can.Checksums) > 0 {
		t.Errorf("%+v, %v", can, err)
	}
}

// What is written to the file of an earlier attempt is compared before it is continued.
func TestAPartWithAnotherContentIsNotContinued(t *testing.T) {
	s := serve(t, &server{})
	content := strings.Repeat("0123456789abcdef", 2<<20) // 32 MiB
	want := source(content, nil)
	part := filepath.Join(s.dir, "a.tar.gz"+share.TemporaryMark+want.Checksums.SHA256[:16])
	if err := os.WriteFile(part, make([]byte, 24<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.open(t).Upload(t.Context(), "a.tar.gz", want, share.UploadOptions{}); err != nil {
		t.Fatal(err)
	}
	s.has(t, "a.tar.gz", content)
}

func TestOperationsOneAfterAnotherUseOneConnection(t *testing.T) {
	s := serve(t, &server{})
	p := s.open(t)
	for i := range 5 {
		if _, err := p.Upload(t.Context(), fmt.Sprintf("%d.tar.gz", i), source("x", nil), share.UploadOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.logins.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

func TestAMissingFolderIsReportedBeforeTheContentIsRead(t *testing.T) {
	s := serve(t, &server{})
	s.settings[settingDir] = filepath.Join(s.dir, "missing")
	_, err := s.open(t).Upload(t.Context(), "a.tar.gz", source("x", func() { t.Error("the content is read") }), share.UploadOptions{})
	if !api.IsInvalidSpec(err) || !strings.Contains(fmt.Sprint(err), "missing") {
		t.Errorf("%T %v", err, err)
	}
	file := filepath.Join(s.dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.settings[settingDir] = file
	if _, err := s.open(t).Stat(t.Context(), "a.tar.gz"); !api.IsInvalidSpec(err) {
		t.Errorf("%T %v", err, err)
	}
}
