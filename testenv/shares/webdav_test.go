package shares

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/webdav"

	"github.com/kubevast/vast/sdk/share"
	"github.com/kubevast/vast/sdk/share/sharetest"
	"github.com/kubevast/vast/testenv/internal/apache"
	"github.com/kubevast/vast/testenv/internal/gobuild"
)

const (
	davUser     = "alice"
	davPassword = "Pa55 wörd/+%"
	// davStall is how long the providers wait for a server under test.
	davStall = "1s"
	davWait  = time.Second
)

// davServer is a WebDAV server that is running, with the share at /dav/.
type davServer struct {
	address string
	dir     string // the share's folder on the disk
}

// davServers start the servers with a folder. Each gets a folder of its own for what is
// not of the share.
var davServers = map[string]func(t testing.TB, dir string) davServer{
	"Apache":        apacheServer,
	"nginx":         func(t testing.TB, dir string) davServer { return nginx(t, dir, nginxPlain) },
	"nginx-dav-ext": func(t testing.TB, dir string) davServer { return nginx(t, dir, nginxExt) },
	"rclone":        rcloneWebDAV,
	"x-net":         xnet,
}

// anyoneDir returns a new folder that a server which is not root can write to.
func anyoneDir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{filepath.Dir(dir), dir} {
		if err := os.Chmod(d, 0o777); err != nil { // a folder of the test
			t.Fatal(err)
		}
	}
	return dir
}

func writeFile(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil { // a server reads it that is not root
		t.Fatal(err)
	}
	return path
}

// passwordFile writes a file for Apache and nginx, which have the same format.
func passwordFile(t testing.TB, dir, user, password string) string {
	t.Helper()
	return writeFile(t, filepath.Join(dir, apache.Passwords), apache.PasswordLine(user, password))
}

// apacheServer starts Debian's Apache with mod_dav.
func apacheServer(t testing.TB, dir string) davServer {
	own := anyoneDir(t)
	passwordFile(t, own, davUser, davPassword)
	return startApache(t, dir, own, apache.Share(own, dir))
}

func startApache(t testing.TB, dir, own, lines string) davServer {
	t.Helper()
	program := installed(t, apache.Program, apache.Package)
	address := freeAddress(t)
	file := writeFile(t, filepath.Join(own, "apache.conf"), apache.Config(own, address, dir, lines))
	startServer(t, address, nil, program, apache.Args(own, file)...)
	return davServer{address: address, dir: dir}
}

const (
	nginxPlain = "dav_methods PUT DELETE MKCOL COPY MOVE;"
	nginxExt   = nginxPlain + " dav_ext_methods PROPFIND OPTIONS;"
)

const nginxConfig = `
load_module /usr/lib/nginx/modules/ngx_http_dav_ext_module.so;
daemon off;
%[6]s
worker_processes 1;
pid %[1]s/pid;
error_log stderr;
events { worker_connections 256; }
http {
  access_log off;
  client_max_body_size 0;
  client_body_temp_path %[1]s/body;
  limit_req_zone $binary_remote_addr zone=few:1m rate=20r/s;
  proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi; uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
  server {
    listen %[2]s;
    root %[3]s/;
    location /dav/ {
      alias %[3]s/;
      auth_basic share;
      auth_basic_user_file %[4]s;
      %[5]s
    }
  }
}
`

// nginx starts Debian's nginx. Methods are the lines that allow those of WebDAV.
func nginx(t testing.TB, dir, methods string) davServer {
	t.Helper()
	program := installed(t, "nginx", "nginx")
	own := anyoneDir(t)
	address := freeAddress(t)
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;"
	}
	file := writeFile(t, filepath.Join(own, "nginx.conf"),
		fmt.Sprintf(nginxConfig, own, address, dir, passwordFile(t, own, davUser, davPassword), methods, user))
	startServer(t, address, nil, program, "-e", "stderr", "-p", own, "-c", file)
	return davServer{address: address, dir: dir}
}

func rcloneWebDAV(t testing.TB, dir string) davServer { return rcloneMode(t, dir) }

// rcloneMode starts rclone with more options.
func rcloneMode(t testing.TB, dir string, more ...string) davServer {
	t.Helper()
	address, own := freeAddress(t), t.TempDir()
	args := append([]string{"serve", "webdav", "--addr", address, "--baseurl", "/dav", "--user", davUser, "--pass", davPassword,
		"--config", filepath.Join(own, "none.conf"), "--cache-dir", filepath.Join(own, "cache"), dir}, more...)
	startServer(t, address, nil, built(t, gobuild.Rclone, "rclone"), args...)
	return davServer{address: address, dir: dir}
}

// xnet starts the server of golang.org/x/net/webdav.
func xnet(t testing.TB, dir string) davServer {
	t.Helper()
	handler := &webdav.Handler{Prefix: "/dav", FileSystem: webdav.Dir(dir), LockSystem: webdav.NewMemLS()}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != davUser || password != davPassword {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return davServer{address: strings.TrimPrefix(s.URL, "http://"), dir: dir}
}

// settings returns those of the share, which is reached at address.
func (davServer) settings(address string) share.Settings {
	return share.Settings{"VAST_SHARE_URL": "http://" + address + "/dav/", "VAST_SHARE_USER": davUser, "VAST_SHARE_PASSWORD": davPassword,
		"VAST_SHARE_TIMEOUT": davStall}
}

// request sends a request without a body for a file of the share, and returns the status.
func (s davServer) request(t testing.TB, method, name string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.address+"/dav/"+url.PathEscape(strings.TrimSuffix(name, "/")), nil)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(name, "/") {
		r.URL = r.URL.JoinPath("/")
	}
	r.SetBasicAuth(davUser, davPassword)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

func (s davServer) options() sharetest.Options {
	return sharetest.Options{
		Address: s.address,
		HTTP:    true,
		Stall:   davWait,
		Open: func(t testing.TB, address string) share.ShareProvider {
			return openShare(t, "webdav", s.settings(address))
		},
		Files: func(t testing.TB) []string { return filesBelow(t, s.dir) },
		MakeFolder: func(t testing.TB, name string) {
			// rclone does not see for minutes what others make on its disk.
			if code := s.request(t, "MKCOL", name+"/"); code != http.StatusCreated {
				t.Fatal(code)
			}
		},
		Secrets: []string{davPassword, base64.StdEncoding.EncodeToString([]byte(davUser + ":" + davPassword))},
	}
}

// fullDav is a server whose disk is small.
func fullDav(t *testing.T, start func(t testing.TB, dir string) davServer) *sharetest.Options {
	t.Helper()
	dir := smallDisk(t, 8)
	if err := os.Chmod(filepath.Dir(dir), 0o777); err != nil { // a folder of the test
		t.Fatal(err)
	}
	o := start(t, dir).options()
	return &o
}

func TestWebDAV(t *testing.T) {
	for name, start := range davServers {
		t.Run(name, func(t *testing.T) {
			o := start(t, anyoneDir(t)).options()
			o.Full = fullDav(t, start)
			switch name {
			case "nginx":
				o.Skip = map[string]string{"a full disk is reported and leaves nothing behind": "nginx itself leaves PART.0000000001 when its folder for bodies is on another file system, which cannot be found without a listing"}
			case "rclone", "x-net":
				o.Skip = map[string]string{"an upload that stalls is repeated": "the server keeps the unfinished file locked as long as the stalled connection is open"}
			}
			runSuite(t, o)
		})
	}
	t.Parallel()
}

// TestACutUploadToApacheContinues is cut when Apache has most of a file that did not exist.
func TestACutUploadToApacheContinues(t *testing.T) {
	s := apacheServer(t, anyoneDir(t))
	const size = 64 << 20
	sent := transferred(t, func(address string) {
		source, _ := zeros(size)
		again := &interrupted{share: openShare(t, "webdav", s.settings(address)), at: size * 3 / 4}
		again.run(t, source)
	}, s.address)
	if sent > size*3/2 {
		t.Errorf("%d bytes were sent of %d", sent, size)
	}
	t.Logf("%d bytes were sent of %d", sent, size)
	if files := filesBelow(t, s.dir); len(files) != 1 || files[0] != "interrupted" {
		t.Errorf("on the share: %q", files)
	}
}
