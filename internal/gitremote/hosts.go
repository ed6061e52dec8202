package gitremote

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"
)

// EnvKnownHosts is the variable of a task that holds lines of a known_hosts file.
const EnvKnownHosts = "GIT_KNOWN_HOSTS"

// Published are the host keys that large hosts publish, as lines of a known_hosts
// file with their sources.
//
//go:embed known_hosts
var Published string

// Hosts are the host keys that are trusted. The zero value trusts none.
type Hosts struct {
	db *knownhosts.HostKeyDB
}

// ReadHosts reads texts in the format of known_hosts (sshd(8)). The error
// contains the number of the wrong line, and not the line.
func ReadHosts(texts ...string) (*Hosts, error) {
	for _, text := range texts {
		if err := checkHosts(text); err != nil {
			return nil, err
		}
	}
	// The library reads files only.
	file, err := os.CreateTemp("", "known_hosts-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	_, err = io.WriteString(file, strings.Join(texts, "\n")+"\n")
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	db, err := knownhosts.NewDB(file.Name())
	if err != nil {
		return nil, errors.New("the known_hosts cannot be read")
	}
	return &Hosts{db: db}, nil
}

func checkHosts(text string) error {
	for i, line := range strings.Split(text, "\n") {
		bare := strings.TrimSpace(line)
		if bare != "" && bare[0] != '#' && !IsHostLine(line) {
			return fmt.Errorf("line %d is no line of a known_hosts file (host, type of key, key)", i+1)
		}
	}
	return nil
}

// IsHostLine reports whether a line of a known_hosts file can be read.
func IsHostLine(line string) bool {
	_, _, _, _, _, err := ssh.ParseKnownHosts([]byte(line)) // only whether it can be read
	return err == nil
}

// Know reports whether a key of the host is known: see Remote.Address.
func (h *Hosts) Know(address string) bool {
	return h != nil && h.db != nil && len(h.db.HostKeys(address)) > 0
}

// Lines are the lines of a known_hosts file with the keys of one host. Those of
// certificate authorities are left out.
func (h *Hosts) Lines(address string) []string {
	if h == nil || h.db == nil {
		return nil
	}
	var lines []string
	for _, key := range h.db.HostKeys(address) {
		if !key.Cert {
			lines = append(lines, knownhosts.Line([]string{address}, key))
		}
	}
	return lines
}

// Algorithms are the types of the keys that are known of a host, nil for all: a
// host that has several keys has to show one that is known.
func (h *Hosts) Algorithms(address string) []string { return h.db.HostKeyAlgorithms(address) }

// Check compares a host's key with those that are known. A host of which none is
// known is accepted only with a full id of a commit as the ref, by which what it
// sends is proven; another key than the known ones never is.
func (h *Hosts) Check(ref string) ssh.HostKeyCallback {
	check := h.db.HostKeyCallback()
	return func(address string, remote net.Addr, key ssh.PublicKey) error {
		err := check(address, remote, key)
		var mismatch *xknownhosts.KeyError
		switch {
		case err == nil:
			return nil
		case !errors.As(err, &mismatch):
			return errors.New("its host key is not to be trusted: " + err.Error())
		case len(mismatch.Want) > 0:
			return fmt.Errorf("the host shows another key (%s) than the known one: someone may be intercepting the connection, or the key has been changed; "+
				"if it has, give the new one in %s", ssh.FingerprintSHA256(key), EnvKnownHosts)
		case IsCommit(ref):
			return nil
		}
		return errors.New(Unknown(address))
	}
}

// Unknown says that no key of a host is known, and what to do.
func Unknown(address string) string {
	host, port, _ := net.SplitHostPort(address)
	scan := "ssh-keyscan "
	if port != "22" {
		scan += "-p " + port + " "
	}
	return fmt.Sprintf("no key of the host %s is known, so another host could pose as it; give its line of known_hosts as the variable %s (%s%s prints it; compare its fingerprint), "+
		"or the full id of a commit as ref, or use its https URL", host, EnvKnownHosts, scan, host)
}
