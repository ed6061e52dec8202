package engine

import (
	"context"
	"fmt"
	"os/exec"

	"github.com/kubevast/vast/testenv/internal/run"
)

// noQuestions keeps packages from asking for a person's decision.
var noQuestions = []string{"DEBIAN_FRONTEND=noninteractive"}

// Install installs packages of the distribution.
func Install(ctx context.Context, packages ...string) error {
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("install %v: only known how to on Debian and its kin: %w", packages, err)
	}
	install := run.Cmd{
		Args: append([]string{"apt-get", "install", "-y", "-q", "--no-install-recommends"}, packages...),
		Env:  noQuestions,
	}
	// The lists of a fresh machine are missing or old; updating them is of no use
	// where they are not.
	if install.Run(ctx) == nil {
		return nil
	}
	if err := UpdateLists(ctx); err != nil {
		return err
	}
	return install.Run(ctx)
}

// UpdateLists fetches the lists of packages, without which none can be found.
func UpdateLists(ctx context.Context) error {
	return run.Cmd{Args: []string{"apt-get", "update", "-q"}, Env: noQuestions}.Run(ctx)
}
