package fetcher

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/gitremote"
)

// sshServer serves a repository by a real sshd on localhost, to clients with
// its key.
type sshServer struct {
	url, known, key string
	port            int
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// lacks skips a test, but in CI, which has to have all programs.
func lacks(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

func serveSSH(t *testing.T, dir string) sshServer {
	t.Helper()
	sshd, err := exec.LookPath("/usr/sbin/sshd")
	if err != nil {
		lacks(t, "there is no sshd")
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	at := t.TempDir()
	file := func(name string) string { return filepath.Join(at, name) }
	// Two keys, of which one may be known: the other one is not to be asked for.
	run(t, "ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", file("ecdsa"))
	run(t, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file("ed25519"))
	run(t, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file("client"))
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		lacks(t, "sshd needs /run/sshd")
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := sshServer{port: free.Addr().(*net.TCPAddr).Port}
	free.Close()
	settings := fmt.Sprintf("ListenAddress 127.0.0.1\nPort %d\nHostKey %s\nHostKey %s\nAuthorizedKeysFile %s\nPidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n",
		s.port, file("ecdsa"), file("ed25519"), file("client.pub"))
	if err := os.WriteFile(file("config"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	server := exec.CommandContext(t.Context(), sshd, "-D", "-e", "-f", file("config"))
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	for deadline := time.Now().Add(time.Minute); ; {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.port))
		if err == nil {
			conn.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("sshd does not answer:", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	read := func(name string) string {
		data, err := os.ReadFile(file(name))
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(data))
	}
	s.url = fmt.Sprintf("ssh://%s@127.0.0.1:%d%s", me.Username, s.port, dir)
	s.key, s.known = read("client"), fmt.Sprintf("[127.0.0.1]:%d %s", s.port, read("ed25519.pub"))
	return s
}

func TestARepositoryIsReachedByAHostWhoseKeyIsKnown(t *testing.T) {
	t.Parallel()
	r := repository{posing: true}
	serveRepository(t, &r)
	s := serveSSH(t, r.dir)
	other := serveSSH(t, r.dir)
	wrong := strings.Replace(other.known, fmt.Sprint(other.port), fmt.Sprint(s.port), 1)
	for name, c := range map[string]struct {
		ref, known string
		line       []string
		want, err  string
	}{
		"that the task names":                     {known: s.known, want: "four"},
		"of the user's known_hosts":               {line: []string{s.known}, want: "four"},
		"among others":                            {known: "# mine\n" + other.known + "\n\n" + s.known + "\n", want: "four"},
		"not an unknown one":                      {err: "no key of the host 127.0.0.1 is known"},
		"not that with a branch":                  {ref: "main", err: fmt.Sprintf("ssh-keyscan -p %d 127.0.0.1", s.port)},
		"not that with the beginning of a commit": {ref: r.first[:12], err: gitremote.EnvKnownHosts},
		"an unknown one, with a whole commit":     {ref: r.first, want: "one"},
		"not one that shows another key":          {known: wrong, err: "the host shows another key (SHA256:"},
		"not that with a whole commit":            {ref: r.first, known: wrong, err: "the host shows another key (SHA256:"},
		"not with what is no known_hosts":         {known: "# x\n" + s.key, err: gitremote.EnvKnownHosts + ": line 2 is no line of a known_hosts file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			item := agentspec.Item{Git: s.url, Ref: c.ref, KnownHosts: c.line, To: filepath.Join(t.TempDir(), "w")}
			f := &Fetcher{Getenv: func(name string) string {
				return map[string]string{envKey: s.key, gitremote.EnvKnownHosts: c.known}[name]
			}}
			err := f.Fetch(t.Context(), agentspec.Fetch{Items: []agentspec.Item{item}})
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Fatalf("error %v, want %q", err, c.err)
			}
			if err != nil {
				if strings.Contains(err.Error(), s.key[40:80]) {
					t.Error("the key is printed")
				}
				return
			}
			got, _ := os.ReadFile(filepath.Join(item.To, "run.sh"))
			if diff := cmp.Diff(c.want, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
