//go:build unix

package cmd

import (
	"bytes"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/clitest"
)

func TestMain(m *testing.M) {
	clitest.Main(m, cli.Plugin{Name: "kubectl-vastvol", Display: "kubectl vastvol"}, New)
}

var volumeFile = map[string]string{"v.yaml": "name: v\ntype: k8s-pvc\nsize: 1Gi\n"}

func TestAVolumesFileMayBeAPipe(t *testing.T) {
	for name, script := range map[string]string{
		"from a command":      `"$PLUGIN" create -f <(cat v.yaml)`,
		"from standard input": `cat v.yaml | "$PLUGIN" create -f -`,
		"from /dev/stdin":     `cat v.yaml | "$PLUGIN" create -f /dev/stdin`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := clitest.Shell(t, volumeFile, script+" --dry-run=client -o name")
			var stderr bytes.Buffer
			c.Stderr = &stderr
			out, err := c.Output()
			if diff := cmp.Diff("persistentvolumeclaim/v\n", string(out)); diff != "" || err != nil {
				t.Errorf("%v, output (-want,+got):\n%s%s", err, diff, &stderr)
			}
		})
	}
}

func TestAVolumesPipeThatIsGivenTwiceIsRefused(t *testing.T) {
	clitest.Fails(t, clitest.Shell(t, volumeFile, `"$PLUGIN" create -f - -f -`), cli.CodeUsage,
		`error: standard input ("-") can be read only once`)
	clitest.Fails(t, clitest.Shell(t, volumeFile, `cat v.yaml | "$PLUGIN" create -f - -f /dev/stdin --dry-run=client`), cli.CodeUsage,
		"error: /dev/stdin: a pipe can be read only once, but this one is given twice")
}

func TestTheFirstSignalEndsAReadThatWaits(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run("a pipe, "+sig.String(), func(t *testing.T) {
			c := clitest.Shell(t, nil, `exec "$PLUGIN" create -f p`)
			defer clitest.StartOpening(t, c, "p").Close()
			clitest.Interrupt(t, c, sig)
		})
		t.Run("standard input, "+sig.String(), func(t *testing.T) {
			c := clitest.Shell(t, nil, `exec "$PLUGIN" create -f -`)
			defer clitest.StartReading(t, c).Close()
			clitest.Interrupt(t, c, sig)
		})
	}
}
