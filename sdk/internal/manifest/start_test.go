package manifest

import (
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shells are what images have as sh: Debian's and Ubuntu's, Fedora's, Alpine's.
var shells = []string{"dash", "bash", "busybox"}

// inEachShell runs a test with each of them as the image's sh.
func inEachShell(t *testing.T, test func(t *testing.T, shell string)) {
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			test(t, shell)
		})
	}
}

// plainly runs the script that like launches as a container does whose command
// it is.
func plainly(t *testing.T, like *exec.Cmd, script string) string {
	t.Helper()
	cmd := exec.Command("bash", "-c", script)
	cmd.Env, cmd.SysProcAttr = like.Env, like.SysProcAttr
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

func TestTheScriptsProcessesFindTheSignalsOfAPlainContainer(t *testing.T) {
	const masks = `grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status; `
	tests := map[string]string{
		"the script":         "exec " + masks,
		"a child":            masks + ":",
		"a grandchild":       `bash -c "` + masks + ` :"; :`,
		"what it execs":      `exec python3 -c 'print(open("/proc/self/status").read().split("SigBlk")[1][:60])'`,
		"a background job":   `(` + masks + `) & wait`,
		"its descriptors":    `ls /proc/self/fd`,
		"its standard input": `readlink /proc/self/fd/0`,
		"a trap of SIGINT":   `trap 'echo int' INT; kill -INT $$; echo on`,
		"a trap of SIGQUIT":  `trap 'echo quit' QUIT; kill -QUIT $$; echo on`,
		"KeyboardInterrupt": `python3 -c 'import os, signal, time
try:
  os.kill(os.getpid(), signal.SIGINT); time.sleep(30)
except KeyboardInterrupt:
  print("interrupted")'`,
		"a child that SIGINT ends":          `sleep 30 & kill -INT $! || echo gone; bash -c 'kill -INT $$'; echo $?`,
		"its own process group is signaled": `trap 'echo ending' TERM; kill -TERM 0; echo on`,
	}
	inEachShell(t, func(t *testing.T, shell string) {
		for name, script := range tests {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				cmd := launchedIn(t, shell, "", script)
				want := plainly(t, cmd, script)
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Error(err)
				}
				if diff := cmp.Diff(want, string(out)); diff != "" {
					t.Errorf("plainly and launched (-want,+got):\n%s", diff)
				}
			})
		}
	})
}

func TestAScriptRunsAlsoWhereNoPipeCanBeMade(t *testing.T) {
	inEachShell(t, func(t *testing.T, shell string) {
		cmd := launchedIn(t, shell, "", "echo run; exit 3")
		cmd.Env = append(cmd.Env, "PATH="+imageOf(t, shell)) // there is no mkfifo in it
		out, _ := cmd.CombinedOutput()                       // the exit code is looked at
		want := "vast: no named pipe can be made, so what the script starts ignores SIGINT\nrun\n"
		if code := cmd.ProcessState.ExitCode(); code != 3 || string(out) != want {
			t.Errorf("exit code %d, output %q; want 3, %q", code, out, want)
		}
	})
}
