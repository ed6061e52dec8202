package fetcher

import (
	"cmp"
	"fmt"
	"os"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
	gitssh "github.com/go-git/go-git/v5/plumbing/transport/ssh"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/gitremote"
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
func gitAuth(item agentspec.Item, getenv func(string) string) (transport.AuthMethod, error) {
	remote, err := gitremote.Parse(item.Git)
	if err != nil {
		return nil, fmt.Errorf("the URL %w", err)
	}
	if err := gitremote.CheckRef(item.Ref); err != nil {
		return nil, fmt.Errorf("the ref %w", err)
	}
	if !sameEndpoint(remote, item.Git) {
		return nil, fmt.Errorf("the URL can be read in two ways")
	}
	if remote.Protocol == gitremote.SSH {
		return sshAuth(remote, item, getenv)
	}
	token := getenv(envToken)
	switch {
	case token == "":
		return nil, nil
	case remote.Protocol != gitremote.HTTPS:
		return nil, fmt.Errorf("the token in %s would go over the network for all to read; write the URL with https://", envToken)
	}
	return &githttp.BasicAuth{Username: cmp.Or(getenv(envUser), anyUser), Password: token}, nil
}

// sameEndpoint reports whether the library will connect to what was checked.
func sameEndpoint(r gitremote.Remote, text string) bool {
	e, err := transport.NewEndpoint(text)
	if err != nil {
		return false
	}
	theirs := gitremote.Remote{Protocol: e.Protocol, Host: strings.Trim(e.Host, "[]"), Port: e.Port}
	return theirs.Protocol == r.Protocol && theirs.Address() == r.Address() && e.User == r.User && e.Password == ""
}

func sshAuth(remote gitremote.Remote, item agentspec.Item, getenv func(string) string) (transport.AuthMethod, error) {
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
	auth, err := gitssh.NewPublicKeys(cmp.Or(remote.User, "git"), []byte(strings.TrimSpace(string(key))+"\n"), "")
	if err != nil {
		return nil, fmt.Errorf("the key in %s cannot be used: %w", envKey, err)
	}
	hosts, err := gitremote.ReadHosts(getenv(gitremote.EnvKnownHosts), strings.Join(item.KnownHosts, "\n"), gitremote.Published)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", gitremote.EnvKnownHosts, err)
	}
	auth.HostKeyCallback = hosts.Check(item.Ref)
	auth.HostKeyAlgorithms = hosts.Algorithms(remote.Address())
	return auth, nil
}
