package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
)

// sbomProgram reads the modules of a program from the program itself; it is built from its
// module.
const sbomProgram = "github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0"

// writeSBOM writes the modules of a program in CycloneDX's JSON. The serial number and the
// time, which differ from build to build, are omitted.
func (r *release) writeSBOM(ctx context.Context, program, path string) error {
	if !r.sbom {
		return nil
	}
	cmd := exec.CommandContext(ctx, "go", "run", sbomProgram, "bin", "-json", "-std", "-licenses", "-noserial", "-notimestamp", "-version", r.version, "-output", path, program)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=mod")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("SBOM of %s: %w: %s", program, err, out)
	}
	return nil
}
