package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// davServer is an Apache with mod_dav.
type davServer struct {
	plain, secure string // addresses
	ca            string // the file of the certificate
	files         string // the folder that it serves
}

const davConfig = `
ServerRoot %[1]s
ServerName localhost
Listen %[2]s
Listen %[3]s
PidFile %[1]s/pid
DefaultRuntimeDir %[1]s
ErrorLog /dev/stderr
%[4]s
LoadModule mpm_event_module %[5]s/mod_mpm_event.so
LoadModule authn_core_module %[5]s/mod_authn_core.so
LoadModule authn_file_module %[5]s/mod_authn_file.so
LoadModule authz_core_module %[5]s/mod_authz_core.so
LoadModule authz_user_module %[5]s/mod_authz_user.so
LoadModule auth_basic_module %[5]s/mod_auth_basic.so
LoadModule alias_module %[5]s/mod_alias.so
LoadModule dav_module %[5]s/mod_dav.so
LoadModule dav_fs_module %[5]s/mod_dav_fs.so
LoadModule ssl_module %[5]s/mod_ssl.so
LoadModule http2_module %[5]s/mod_http2.so
DavLockDB %[1]s/locks
DocumentRoot %[1]s/files
Alias /dav %[1]s/files
<Location /dav>
  Dav On
  AuthType Basic
  AuthName bench
  AuthUserFile %[1]s/passwords
  Require valid-user
</Location>
<VirtualHost %[3]s>
  SSLEngine on
  SSLCertificateFile %[1]s/cert.pem
  SSLCertificateKeyFile %[1]s/key.pem
  Protocols h2 http/1.1
</VirtualHost>
`

// startDAV starts Debian's Apache (package apache2-bin) with a share at /dav/.
func startDAV(ctx context.Context, dir string) (_ *davServer, stop func(), err error) {
	s := &davServer{ca: filepath.Join(dir, "cert.pem"), files: filepath.Join(dir, "files")}
	if s.plain, err = freePort(ctx); err != nil {
		return nil, nil, err
	}
	if s.secure, err = freePort(ctx); err != nil {
		return nil, nil, err
	}
	user := ""
	if os.Geteuid() == 0 { // Apache does not serve as root
		user = "User www-data\nGroup www-data"
	}
	sum := sha1.Sum([]byte(sharePassword))
	config := fmt.Sprintf(davConfig, dir, s.plain, s.secure, user, "/usr/lib/apache2/modules")
	// The folder's parents were made for this process alone.
	err = errors.Join(os.Mkdir(s.files, 0o777), os.Chmod(dir, 0o777), os.Chmod(s.files, 0o777), certificate(dir),
		os.WriteFile(filepath.Join(dir, "passwords"), fmt.Appendf(nil, "%s:{SHA}%s\n", shareUser, base64.StdEncoding.EncodeToString(sum[:])), 0o644),
		os.WriteFile(filepath.Join(dir, "apache.conf"), []byte(config), 0o600))
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.CommandContext(ctx, "/usr/sbin/apache2", "-d", dir, "-f", filepath.Join(dir, "apache.conf"), "-DFOREGROUND")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Start(); err != nil {
		return nil, nil, fmt.Errorf("package apache2-bin is required: %w", err)
	}
	stop = func() {
		_ = cmd.Process.Signal(os.Interrupt) // its children end with it
		_ = cmd.Wait()
	}
	err = waitFor(ctx, "Apache", func(ctx context.Context) (bool, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.secure)
		if err != nil {
			return false, nil // it has not started yet
		}
		return true, conn.Close()
	})
	if err != nil {
		stop()
		return nil, nil, err
	}
	return s, stop, nil
}

// certificate writes one of 127.0.0.1, and its key.
func certificate(dir string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	text, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "cert.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
		os.WriteFile(filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: text}), 0o600))
}

// relayWindow limits how many bytes are on the way in one direction, in chunks of 64 KiB.
const relayWindow = 512

// startRelay starts a relay that passes on each byte after a delay.
func startRelay(ctx context.Context, to string, delay time.Duration) (address string, stop func(), err error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := (&net.Dialer{}).DialContext(ctx, "tcp", to)
			if err != nil {
				_ = client.Close()
				continue
			}
			go delayed(server, client, delay)
			go delayed(client, server, delay)
		}
	}()
	return l.Addr().String(), func() { _ = l.Close() }, nil
}

// delayed copies until one side ends.
func delayed(to io.WriteCloser, from io.Reader, delay time.Duration) {
	type chunk struct {
		due  time.Time
		data []byte
	}
	way := make(chan chunk, relayWindow)
	go func() {
		defer close(way)
		for {
			data := make([]byte, 64<<10)
			n, err := from.Read(data)
			if n > 0 {
				way <- chunk{time.Now().Add(delay), data[:n]}
			}
			if err != nil {
				return
			}
		}
	}()
	defer to.Close()
	for c := range way {
		time.Sleep(time.Until(c.due)) // the delay of the line
		if _, err := to.Write(c.data); err != nil {
			for range way {
			}
			return
		}
	}
}
