// Package engine makes sure that a Docker engine answers. One that runs is used as
// it is; where none runs, and only there, one is installed and started.
package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/kubevast/vast/testenv/internal/cache"
	"github.com/kubevast/vast/testenv/internal/run"
)

// Engine is the Docker engine of this machine.
type Engine struct {
	Cache    *cache.Dir
	Root     string // the folder testenv
	Progress func(format string, args ...any)
}

// startTimeout is how long a fresh daemon may take until it answers.
const startTimeout = 60 * time.Second

// Running reports whether an engine answers.
func Running(ctx context.Context) bool {
	if _, err := exec.LookPath("docker"); err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return run.Command("docker", "version", "--format", "{{.Server.Version}}").Run(ctx) == nil
}

// Ensure returns when an engine answers, and whether it had to be started.
func (e *Engine) Ensure(ctx context.Context) (started bool, err error) {
	if Running(ctx) {
		return false, nil
	}
	if err := mayStart(); err != nil {
		return false, err
	}
	if err := e.install(ctx); err != nil {
		return false, err
	}
	if Running(ctx) { // the package started it, as it does where systemd runs
		return true, nil
	}
	return true, e.start(ctx)
}

// mayStart returns an error if this process cannot start an engine.
func mayStart() error {
	switch {
	case os.Getenv("DOCKER_HOST") != "":
		return fmt.Errorf("no Docker engine answers at DOCKER_HOST=%s", os.Getenv("DOCKER_HOST"))
	case runtime.GOOS != "linux":
		return errors.New("no Docker engine answers: start Docker and try again")
	case os.Geteuid() != 0:
		return errors.New("no Docker engine answers: start it (only root can be helped with that), or ask for the right to use it")
	}
	return nil
}

func (e *Engine) install(ctx context.Context) error {
	var packages []string
	for program, pkg := range map[string]string{"dockerd": "docker.io", "docker": "docker.io", "iptables": "iptables"} {
		if _, err := exec.LookPath(program); err != nil {
			packages = append(packages, pkg)
		}
	}
	if len(packages) == 0 {
		return nil
	}
	e.Progress("docker: installing the engine, there is none")
	return Install(ctx, packages...)
}

// start runs a daemon that outlives this process.
func (e *Engine) start(ctx context.Context) error {
	args, err := e.daemonArgs(ctx)
	if err != nil {
		return err
	}
	path, err := e.Cache.Path("docker", "daemon.log")
	if err != nil {
		return err
	}
	e.Progress("docker: starting the engine, none runs (its log is %s)", path)
	log, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	if err := clearStalePIDs(); err != nil {
		return err
	}
	daemon := exec.Command("dockerd", args...)
	daemon.Stdout, daemon.Stderr = log, log
	detach(daemon)
	if err := daemon.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- daemon.Wait() }()
	if err := e.remember(daemon.Process.Pid); err != nil {
		return err
	}
	return waitFor(ctx, ended, path)
}

func waitFor(ctx context.Context, ended <-chan error, log string) error {
	err := wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, startTimeout, true, func(ctx context.Context) (bool, error) {
		select {
		case err := <-ended:
			return false, fmt.Errorf("it ended: %v", err)
		default:
			return Running(ctx), nil
		}
	})
	if err != nil {
		return fmt.Errorf("start dockerd: %w\n%s", err, lastLines(log))
	}
	return nil
}

// daemonArgs registers the runtime wrapper on a host that needs it.
func (e *Engine) daemonArgs(ctx context.Context) ([]string, error) {
	// The kernel forwards the API server's port, instead of a process that copies all that
	// tests read and write.
	args := []string{"--userland-proxy=false"}
	capable, err := hasSysResource()
	if err != nil || capable {
		return args, err
	}
	wrapper, err := e.wrapper(ctx)
	if err != nil {
		return nil, err
	}
	return append(args, "--add-runtime", "kubevast="+wrapper, "--default-runtime", "kubevast"), nil
}
