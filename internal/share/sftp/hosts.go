package sftp

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// hosts is a text in the format of known_hosts, see sshd(8).
type hosts string

func checkHosts(value string) error {
	for i, line := range strings.Split(value, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if _, _, _, _, _, err := ssh.ParseKnownHosts([]byte(line)); err != nil {
			return api.Invalid("", "line %d is not a line of known_hosts: host, type of key and key", i+1)
		}
	}
	return nil
}

// knownHosts returns the line and the file of the settings. Without them it returns
// those of the user and of the machine.
func knownHosts(settings share.Settings) (hosts, error) {
	if settings[settingHosts] != "" || settings[settingHostsFile] != "" {
		return hosts(settings[settingHosts] + "\n" + settings[settingHostsFile]), nil
	}
	files := []string{"/etc/ssh/ssh_known_hosts"}
	if home, err := os.UserHomeDir(); err == nil {
		files = append(files, filepath.Join(home, ".ssh", "known_hosts"))
	}
	var all strings.Builder
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("known hosts: %w", err)
		}
		// OpenSSH ignores a line that it cannot read.
		for line := range strings.Lines(string(b)) {
			if checkHosts(line) == nil {
				all.WriteString(strings.TrimSuffix(line, "\n") + "\n")
			}
		}
	}
	return hosts(all.String()), nil
}

// open returns the keys of the text.
func (h hosts) open() (*knownhosts.HostKeyDB, error) {
	// The library reads files only.
	file, err := os.CreateTemp("", "known_hosts-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	_, err = io.WriteString(file, string(h))
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	db, err := knownhosts.NewDB(file.Name())
	if err != nil {
		return nil, api.Invalid(settingHosts, "the known hosts cannot be read")
	}
	return db, nil
}

// concerning returns the lines about one host, and those of revoked keys.
func (h hosts) concerning(address string) ([]string, error) {
	db, err := h.open()
	if err != nil {
		return nil, err
	}
	numbers := map[int]bool{}
	for _, known := range wanted(db, address) {
		numbers[known.Line] = true
	}
	if len(numbers) == 0 {
		return nil, nil
	}
	var lines []string
	for i, line := range strings.Split(string(h), "\n") {
		if line = strings.TrimSpace(line); numbers[i+1] || strings.HasPrefix(line, "@revoked") {
			lines = append(lines, line)
		}
	}
	return lines, nil
}

// wanted returns the keys that are known of a host.
func wanted(db *knownhosts.HostKeyDB, address string) []xknownhosts.KnownKey {
	err := db.HostKeyCallback()(address, &net.TCPAddr{IP: net.IPv4zero}, noKey{})
	if mismatch, ok := errorAs[*xknownhosts.KeyError](err); ok {
		return mismatch.Want
	}
	return nil
}

// noKey is a key that no host has.
type noKey struct{}

func (noKey) Type() string                        { return "none" }
func (noKey) Marshal() []byte                     { return []byte("none") }
func (noKey) Verify([]byte, *ssh.Signature) error { return errors.New("no key") }

// verify compares the key that a host shows with those that are known. Its errors are
// api.InvalidSpecErrors.
func verify(db *knownhosts.HostKeyDB) ssh.HostKeyCallback {
	known := db.HostKeyCallback()
	return func(address string, remote net.Addr, key ssh.PublicKey) error {
		err := known(address, remote, key)
		if err == nil {
			return nil
		}
		if _, revoked := errorAs[*xknownhosts.RevokedError](err); revoked {
			return api.Invalid(settingHosts, "the host key of %q is revoked: %s", address, fingerprint(key))
		}
		mismatch, ok := errorAs[*xknownhosts.KeyError](err)
		switch {
		case !ok:
			return api.Invalid(settingHosts, "the host certificate of %q is not valid: %v", address, err)
		case len(mismatch.Want) == 0:
			return api.Invalid(settingHosts, "the host key of %q is unknown: %s; compare it with the server's and set %s to %q",
				address, fingerprint(key), settingHosts, knownhosts.Line([]string{address}, key))
		}
		return api.Invalid(settingHosts, "the host key of %q is %s, but the known one is %s: the server's key has changed, or another host answers in its place; if the server's key has changed, replace its line in %s",
			address, fingerprint(key), fingerprint(nearest(mismatch.Want, key)), settingHosts)
	}
}

// nearest returns the known key of the same type, or else the first.
func nearest(known []xknownhosts.KnownKey, key ssh.PublicKey) ssh.PublicKey {
	for _, k := range known {
		if k.Key.Type() == key.Type() {
			return k.Key
		}
	}
	return known[0].Key
}

func fingerprint(key ssh.PublicKey) string { return key.Type() + " " + ssh.FingerprintSHA256(key) }
