package shares

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/kubevast/vast/sdk/share"
	"github.com/kubevast/vast/sdk/share/sharetest"
	"github.com/kubevast/vast/testenv/internal/gobuild"
)

// sftpStall is how long the provider waits for a server under test.
const sftpStall = 3 * time.Second

// sftpServer is a server of SFTP that is running.
type sftpServer struct {
	address string
	// dir is the share's folder on the disk, path its name for clients.
	dir, path string
	// settings are complete but for the server's host and port.
	settings share.Settings
	hostKey  ssh.PublicKey
	secrets  []string
	pidFile  string
}

// at returns the settings for a server that is reached at address.
func (s sftpServer) at(address string) share.Settings {
	host, port, _ := net.SplitHostPort(address) // it is one of ours
	all := share.Settings{"VAST_SHARE_HOST": host, "VAST_SHARE_PORT": port, "VAST_SHARE_DIR": s.path, "VAST_SHARE_TIMEOUT": sftpStall.String(),
		"VAST_SHARE_KNOWN_HOSTS": knownhosts.Line([]string{knownhosts.Normalize(address)}, s.hostKey)}
	for name, value := range s.settings {
		all[name] = value
	}
	return all
}

func (s sftpServer) options() sharetest.Options {
	return sharetest.Options{
		Open: func(t testing.TB, address string) share.ShareProvider {
			return openShare(t, "sftp", s.at(address))
		},
		Address: s.address,
		Files:   func(t testing.TB) []string { return filesBelow(t, s.dir) },
		MakeFolder: func(t testing.TB, name string) {
			if err := os.Mkdir(filepath.Join(s.dir, name), 0o755); err != nil {
				t.Fatal(err)
			}
		},
		Stall:   sftpStall,
		Many:    250, // sshd sends 100 names at once
		Secrets: s.secrets,
	}
}

// newKey writes a private key below a new folder.
func newKey(t testing.TB) (file string, key ssh.PublicKey) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	if key, err = ssh.NewPublicKey(public); err != nil {
		t.Fatal(err)
	}
	return file, key
}

// startSSHD serves dir with OpenSSH for the user of the test, who has a key. more are lines
// of its configuration.
func startSSHD(t testing.TB, dir string, more ...string) sftpServer {
	t.Helper()
	program := installed(t, "sshd", "openssh-server")
	hostFile, hostKey := newKey(t)
	userFile, userKey := newKey(t)
	home := t.TempDir()
	authorized := filepath.Join(home, "authorized_keys")
	if err := os.WriteFile(authorized, ssh.MarshalAuthorizedKey(userKey), 0o600); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // of its privilege separation
			t.Fatal(err)
		}
	}
	address := freeAddress(t)
	config, pidFile := filepath.Join(home, "sshd_config"), filepath.Join(home, "sshd.pid")
	lines := append([]string{
		"ListenAddress " + address, "HostKey " + hostFile, "AuthorizedKeysFile " + authorized, "PidFile " + pidFile, "StrictModes no",
		"UsePAM no", "SetEnv HOME=" + home, "PasswordAuthentication no", "PermitRootLogin yes", "MaxStartups 100:30:200", "Subsystem sftp internal-sftp",
	}, more...)
	if err := os.WriteFile(config, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	startServer(t, address, nil, program, "-D", "-e", "-f", config)
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(userFile)
	if err != nil {
		t.Fatal(err)
	}
	return sftpServer{address: address, dir: dir, path: dir, hostKey: hostKey,
		settings: share.Settings{"VAST_SHARE_USER": me.Username, "VAST_SHARE_KEY_FILE": string(key)},
		secrets:  []string{strings.Split(string(key), "\n")[2]}, pidFile: pidFile}
}

// startRcloneSFTP serves dir with rclone for a user with a password.
func startRcloneSFTP(t testing.TB, dir string, more ...string) sftpServer {
	t.Helper()
	program := built(t, gobuild.Rclone, "rclone")
	hostFile, hostKey := newKey(t)
	address := freeAddress(t)
	const password = "rclone's secret"
	args := append([]string{"serve", "sftp", "--addr", address, "--user", "robot", "--pass", password, "--key", hostFile,
		"--config", filepath.Join(t.TempDir(), "none.conf"),
		"--dir-cache-time", "0s", dir}, more...) // what the tests do on the disk is seen at once
	startServer(t, address, nil, program, args...)
	return sftpServer{address: address, dir: dir, path: "/", hostKey: hostKey,
		settings: share.Settings{"VAST_SHARE_USER": "robot", "VAST_SHARE_PASSWORD": password}, secrets: []string{password}}
}

// killSessions kills the children of a server.
func killSessions(t *testing.T, server sftpServer) {
	t.Helper()
	text, err := os.ReadFile(server.pidFile)
	if err != nil {
		t.Fatal(err)
	}
	pid := strings.TrimSpace(string(text))
	out, err := os.ReadFile(filepath.Join("/proc", pid, "task", pid, "children"))
	if err != nil || len(out) == 0 {
		t.Errorf("sshd has no children: %v", err)
	}
	for _, field := range strings.Fields(string(out)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			t.Error(err)
		}
		_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended
	}
}
