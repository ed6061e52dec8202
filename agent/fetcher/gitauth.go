package fetcher

import (
	"cmp"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
	gitssh "github.com/go-git/go-git/v5/plumbing/transport/ssh"
	"golang.org/x/crypto/ssh"
)

// The variables that let us into a private repository. The key is the key
// itself, or the file at the path.
const (
	envToken   = "GIT_TOKEN"
	envUser    = "GIT_USERNAME"
	envKey     = "GIT_SSH_KEY"
	envKeyPath = "GIT_SSH_KEY_PATH"

	// anyUser is for servers that look at the token only.
	anyUser = "x-access-token"
)

// gitAuth chooses the credentials for a repository, nil for none.
func gitAuth(repository string, getenv func(string) string) (transport.AuthMethod, error) {
	endpoint, err := transport.NewEndpoint(repository)
	if err != nil {
		return nil, err
	}
	switch endpoint.Protocol {
	case "http", "https":
		if u, err := url.Parse(repository); err == nil && u.User != nil {
			if password, set := u.User.Password(); set {
				return &githttp.BasicAuth{Username: u.User.Username(), Password: password}, nil
			}
		}
		if token := getenv(envToken); token != "" {
			return &githttp.BasicAuth{Username: cmp.Or(getenv(envUser), anyUser), Password: token}, nil
		}
	case "ssh":
		return sshAuth(cmp.Or(endpoint.User, "git"), getenv)
	}
	return nil, nil
}

func sshAuth(user string, getenv func(string) string) (transport.AuthMethod, error) {
	key := []byte(getenv(envKey))
	if path := getenv(envKeyPath); len(key) == 0 && path != "" {
		var err error
		if key, err = os.ReadFile(path); err != nil {
			return nil, err
		}
	}
	if len(key) == 0 {
		return nil, fmt.Errorf("it is reached by ssh; give a key in the variable %s, or use its https URL", envKey)
	}
	// An editor may have taken the last line's end, which a key must have.
	auth, err := gitssh.NewPublicKeys(user, []byte(strings.TrimSpace(string(key))+"\n"), "")
	if err != nil {
		return nil, fmt.Errorf("the key in %s cannot be used: %w", envKey, err)
	}
	// A pod knows no host yet. The commit that is checked out is what counts.
	auth.HostKeyCallback = ssh.InsecureIgnoreHostKey() //nolint:gosec // see above
	return auth, nil
}
