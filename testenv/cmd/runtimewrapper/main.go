// Command runtimewrapper is the OCI runtime of a Docker daemon on a host that lacks
// CAP_SYS_RESOURCE: it takes out of the container's specification what needs that
// capability and leaves the rest to runc.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"github.com/kubevast/vast/testenv/internal/ociwrap"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "runtimewrapper:", err)
		os.Exit(1)
	}
}

func run() error {
	for _, file := range ociwrap.Files(os.Args[1:]) {
		if err := ociwrap.RewriteFile(file); err != nil {
			return err
		}
	}
	runc, err := exec.LookPath("runc")
	if err != nil {
		return err
	}
	// Becoming runc keeps its exit code, its signals and its open files.
	return syscall.Exec(runc, append([]string{runc}, os.Args[1:]...), os.Environ())
}
