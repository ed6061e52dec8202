package auth_test

import (
	"context"
	"strings"
	"testing"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/internal/identity"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/cmdtest"
	"github.com/kubevast/vast/sdk/api"
)

func TestAuth(t *testing.T) {
	c := &clitest.Client{OnWhoAmI: func(context.Context) (identity.Identity, error) {
		return identity.Identity{}, &api.UnavailableError{Message: "cannot reach the cluster"}
	}}
	if r := cmdtest.Plugin(c).Do(t, "auth", "whoami"); r.Code != cli.CodeUnavailable {
		t.Errorf("without a login and a cluster: %+v", r)
	}
	c.OnWhoAmI = func(context.Context) (identity.Identity, error) {
		return identity.Identity{User: "alice", Source: identity.SourceLogin, ClusterUser: "admin"}, nil
	}
	if r := cmdtest.Plugin(c).Do(t, "auth", "whoami"); r.Out != "User:          alice\nSource:        login\nCluster user:  admin\n" {
		t.Errorf("whoami: %+v", r)
	}
	if r := cmdtest.Plugin(c).Do(t, "auth", "whoami", "-o", "yaml"); !strings.Contains(r.Out, "user: alice\n") {
		t.Errorf("whoami -o yaml: %+v", r)
	}
	if r := cmdtest.Plugin(nil).Do(t, "auth", "login", "bob"); r.Code != 0 || !strings.Contains(r.Out, "bob") {
		t.Errorf("login: %+v", r)
	}
}
