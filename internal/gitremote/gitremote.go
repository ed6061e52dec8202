// Package gitremote decides which repositories are cloned, and which hosts are
// trusted: the client refuses early what the agent would refuse late.
package gitremote

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// Protocols of a Remote.
const (
	HTTP  = "http"
	HTTPS = "https"
	SSH   = "ssh"
)

// Remote is a repository that can be cloned.
type Remote struct {
	Protocol string
	User     string // of ssh; empty for none
	Host     string // without the brackets of an IPv6 address
	Port     int    // 0 for the protocol's own
	Path     string
}

// Address is the host with the port that is connected to, as known_hosts files
// count it: "example.com:22".
func (r Remote) Address() string {
	port := r.Port
	if port == 0 {
		port = map[string]int{HTTP: 80, HTTPS: 443, SSH: 22}[r.Protocol]
	}
	return net.JoinHostPort(r.Host, strconv.Itoa(port))
}

const forms = "write https://host/path, ssh://user@host/path or user@host:path"

var (
	hostName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]*$`)
	userName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._+-]*$`)
	// scp is "user@host:path". What git takes for a port of it ("host:22:path")
	// others take for a path.
	scp     = regexp.MustCompile(`^(?:([^@/]*)@)?([^@:/\[\]]+|\[[^\]]*\]):(.+)$`)
	scpPort = regexp.MustCompile(`^[0-9]+:`)
	helper  = regexp.MustCompile(`^[A-Za-z0-9]+::`)
	unclean = regexp.MustCompile(`[\x00-\x20\x7f\\]`)
)

// Parse takes the URL of a repository: https, http, ssh, and the form of scp. The
// error does not repeat the URL, which may hold a password.
// It takes no credentials (a user's name is one, except for ssh), no file, no
// git://, no remote helper, and nothing that a program could take for an option.
func Parse(text string) (Remote, error) {
	switch {
	case text == "":
		return Remote{}, errors.New("is empty; " + forms)
	case strings.HasPrefix(text, "-"):
		return Remote{}, errors.New(`begins with "-", as options of programs do; ` + forms)
	case unclean.MatchString(text):
		return Remote{}, errors.New("holds a blank, a backslash or a control character; " + forms)
	case helper.MatchString(text):
		return Remote{}, errors.New("names a remote helper of git, which is not run; " + forms)
	}
	var r Remote
	var err error
	if strings.Contains(text, "://") {
		r, err = parseURL(text)
	} else {
		r, err = parseSCP(text)
	}
	if err != nil {
		return Remote{}, err
	}
	switch {
	case !hostName.MatchString(r.Host) && net.ParseIP(r.Host) == nil:
		return Remote{}, errors.New("holds no host's name that can be; " + forms)
	case r.User != "" && !userName.MatchString(r.User):
		return Remote{}, errors.New("holds no user's name that can be; " + forms)
	case strings.Trim(r.Path, "/") == "":
		return Remote{}, errors.New("names a host and no repository on it; " + forms)
	case strings.HasPrefix(r.Path, "-"):
		return Remote{}, errors.New(`names a repository that begins with "-", as options of programs do; ` + forms)
	}
	return r, nil
}

func parseURL(text string) (Remote, error) {
	u, err := url.Parse(text)
	if err != nil {
		return Remote{}, errors.New("cannot be read as a URL; " + forms)
	}
	r := Remote{Protocol: u.Scheme, Host: u.Hostname(), Path: u.Path}
	switch r.Protocol {
	case HTTP, HTTPS:
		if u.User != nil {
			return r, errors.New("holds a user's name or password, which everybody who sees the pod could read; take it out, and give the token as the secret GIT_TOKEN")
		}
	case SSH:
		r.User = u.User.Username()
		if _, password := u.User.Password(); password {
			return r, errors.New("holds a password, which everybody who sees the pod could read; take it out, and give a key as the secret GIT_SSH_KEY")
		}
	default:
		return r, fmt.Errorf("begins with %s://, which is not cloned; %s", r.Protocol, forms)
	}
	if u.RawQuery != "" || u.ForceQuery || strings.Contains(text, "#") {
		return r, errors.New(`holds a "?" or "#", which no repository's URL has; credentials belong into secrets (GIT_TOKEN)`)
	}
	if u.Port() != "" || strings.HasSuffix(u.Host, ":") {
		if r.Port, err = strconv.Atoi(u.Port()); err != nil || r.Port < 1 || r.Port > 65535 {
			return r, errors.New("holds a port that cannot be; " + forms)
		}
	}
	return r, nil
}

func parseSCP(text string) (Remote, error) {
	m := scp.FindStringSubmatch(text)
	switch {
	case m == nil:
		return Remote{}, errors.New("is no URL, and a path of your machine is not there in the pod; " + forms)
	case strings.Contains(m[1], ":"):
		return Remote{}, errors.New("holds a password, which everybody who sees the pod could read; take it out, and give a key as the secret GIT_SSH_KEY")
	case scpPort.MatchString(m[3]):
		return Remote{}, errors.New("holds a port, which this form cannot; write ssh://user@host:port/path")
	case m[1] == "" && strings.Contains(text, "@"):
		return Remote{}, errors.New("cannot be read as a URL; " + forms)
	}
	return Remote{Protocol: SSH, User: m[1], Host: strings.Trim(m[2], "[]"), Path: m[3]}, nil
}

var (
	commit = regexp.MustCompile(`^[0-9a-fA-F]{40}$`)
	// badRef is what no name of a branch or a tag holds (git-check-ref-format).
	badRef = regexp.MustCompile(`^[-/]|[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|[/.]$`)
)

// IsCommit reports whether a ref is the full id of a commit, by which its content
// is proven whoever sends it.
func IsCommit(ref string) bool { return commit.MatchString(ref) }

// CheckRef refuses what cannot be a branch, a tag or a commit. Empty is the
// default branch.
func CheckRef(ref string) error {
	if ref != "" && badRef.MatchString(ref) {
		return errors.New("is no name of a branch or a tag, and no commit")
	}
	return nil
}
