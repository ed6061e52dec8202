package engine

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/kubevast/vast/testenv/internal/gobuild"
)

// capSysResource is the number of the capability in <linux/capability.h>.
const capSysResource = 24

// hasSysResource reports whether processes of this host can have CAP_SYS_RESOURCE.
func hasSysResource() (bool, error) {
	status, err := os.Open("/proc/self/status")
	if err != nil {
		return false, err
	}
	defer status.Close()
	return boundingSetHas(status, capSysResource)
}

func boundingSetHas(status io.Reader, capability uint) (bool, error) {
	lines := bufio.NewScanner(status)
	for lines.Scan() {
		value, ok := strings.CutPrefix(lines.Text(), "CapBnd:")
		if !ok {
			continue
		}
		set, err := strconv.ParseUint(strings.TrimSpace(value), 16, 64)
		return set&(1<<capability) != 0, err
	}
	return false, fmt.Errorf("no CapBnd in /proc/self/status: %v", lines.Err())
}

func (e *Engine) wrapper(ctx context.Context) (string, error) {
	artefact, err := gobuild.RuntimeWrapper.Artefact(e.Root)
	if err != nil {
		return "", err
	}
	dir, err := e.Cache.Get(ctx, artefact, e.Progress)
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "runtimewrapper"), nil
}

// lastLines returns the end of a log, for an error.
func lastLines(path string) string {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}
