package e2e_test

import (
	"crypto/ed25519"
	"encoding/pem"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/kubevast/vast/testenv/internal/apache"
	"github.com/kubevast/vast/testenv/internal/cache"
	"github.com/kubevast/vast/testenv/internal/gobuild"
)

// freeAddress returns an address of a host that nothing listens on.
func freeAddress(t testing.TB, host string) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close() // a server takes its port
	return l.Addr().String()
}

// serve runs a server of a share until the test ends, and returns when address accepts
// connections.
func serve(t testing.TB, address string, env []string, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), env...)
	// Apache has children, which end with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it may have ended
		_ = cmd.Wait()
	})
	waitFor(t, program+" accepts connections", func() (bool, any) {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil, err
	})
}

// installed returns the path of a server that a Debian package has. The test is skipped
// without it, except in CI.
func installed(t testing.TB, program, debianPackage string) string {
	t.Helper()
	path, err := exec.LookPath(filepath.Join("/usr/sbin", program))
	if err == nil {
		return path
	}
	if os.Getenv("CI") != "" {
		t.Fatal(err)
	}
	t.Skipf("%s of package %s is not installed", program, debianPackage)
	return ""
}

// s3Server starts an S3 server with bucket "results" on the loopback interface, and returns
// its address and the folder of the bucket.
func s3Server(t testing.TB) (address, dir string) {
	t.Helper()
	artefact, err := gobuild.VersityGW.Artefact("..")
	if err != nil {
		t.Fatal(err)
	}
	programs, err := cache.Open()
	if err != nil {
		t.Fatal(err)
	}
	at, err := programs.Get(t.Context(), artefact, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	address = freeAddress(t, "127.0.0.1")
	root := t.TempDir()
	dir = filepath.Join(root, "results")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	serve(t, address, []string{"ROOT_ACCESS_KEY_ID=" + shareKey, "ROOT_SECRET_ACCESS_KEY=" + shareSecret},
		filepath.Join(at, "versitygw"), "--port", address, "--region", "us-east-1", "--quiet", "posix", root)
	return address, dir
}

// apacheServer starts Debian's Apache with mod_dav and user shareKey on the loopback
// interface, and returns its address and the folder of the share, which is at /dav.
func apacheServer(t testing.TB) (address, dir string) {
	t.Helper()
	program := installed(t, apache.Program, apache.Package)
	address = freeAddress(t, "127.0.0.1")
	root := t.TempDir()
	own, dir := filepath.Join(root, "own"), filepath.Join(root, "share")
	if err := os.Chmod(filepath.Dir(root), 0o755); err != nil { // Apache does not serve as root
		t.Fatal(err)
	}
	for _, d := range []string{own, dir} {
		if err := os.Mkdir(d, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(d, 0o777); err != nil { // whatever the umask is
			t.Fatal(err)
		}
	}
	file := filepath.Join(own, "apache.conf")
	for name, text := range map[string]string{
		filepath.Join(own, apache.Passwords): apache.PasswordLine(shareKey, shareSecret),
		file:                                 apache.Config(own, address, dir, apache.Share(own, dir)),
	} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil { // as above
			t.Fatal(err)
		}
	}
	serve(t, address, nil, program, apache.Args(own, file)...)
	return address, dir
}

// sshd is a server of SFTP.
type sshd struct {
	address string
	dir     string        // the folder of the share
	host    ssh.PublicKey // of the server
	key     string        // the private key of the one who may use it
}

// sshServer starts OpenSSH's server on an address of this machine.
func sshServer(t testing.TB, host string) sshd {
	t.Helper()
	program := installed(t, "sshd", "openssh-server")
	home := t.TempDir()
	s := sshd{address: freeAddress(t, host), dir: t.TempDir()}
	var hostKey string
	var mine ssh.PublicKey
	hostKey, s.host = newSSHKey(t)
	s.key, mine = newSSHKey(t)
	if os.Getuid() == 0 {
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"host":       hostKey,
		"authorized": string(ssh.MarshalAuthorizedKey(mine)),
		"config": strings.Join([]string{"ListenAddress " + s.address, "HostKey " + home + "/host", "AuthorizedKeysFile " + home + "/authorized",
			"PidFile none", "StrictModes no", "UsePAM no", "PasswordAuthentication no", "SetEnv HOME=" + home, "Subsystem sftp internal-sftp"}, "\n"),
	} {
		if err := os.WriteFile(filepath.Join(home, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	serve(t, s.address, nil, program, "-D", "-e", "-f", filepath.Join(home, "config"))
	return s
}

// settings returns those of the share when it is reached at address and host is the key that
// is known of it. The private key is in file "key".
func (s sshd) settings(t testing.TB, address string, host ssh.PublicKey) string {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	at, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return "VAST_SHARE_TYPE=sftp\nVAST_SHARE_HOST=" + at + "\nVAST_SHARE_PORT=" + port + "\nVAST_SHARE_USER=" + me.Username +
		"\nVAST_SHARE_DIR=" + s.dir + "\nVAST_SHARE_KEY_FILE=key\n" +
		"VAST_SHARE_KNOWN_HOSTS=" + knownhosts.Line([]string{knownhosts.Normalize(address)}, host) + "\n"
}

// newSSHKey returns a private key in PEM, and the public one.
func newSSHKey(t testing.TB) (string, ssh.PublicKey) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block)), key
}
