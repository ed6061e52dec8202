package engine

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/kubevast/vast/testenv/internal/cache"
)

func TestBoundingSetHas(t *testing.T) {
	tests := map[string]struct {
		status string
		want   bool
	}{
		"all":                  {"Name:\tx\nCapBnd:\t000001ffffffffff\nCapAmb:\t0\n", true},
		"all but SYS_RESOURCE": {"CapEff:\t000001ffffffffff\nCapBnd:\t000001fffeffffff\n", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := boundingSetHas(strings.NewReader(test.status), capSysResource)
			if err != nil || got != test.want {
				t.Errorf("got %v, %v, want %v", got, err, test.want)
			}
		})
	}
	if _, err := boundingSetHas(strings.NewReader("Name:\tx\n"), capSysResource); err == nil {
		t.Error("no error where the line is missing")
	}
}

func TestParseStartTime(t *testing.T) {
	const rest = " 1 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 22 33"
	tests := map[string]struct{ stat, want string }{
		"plain":               {"12 (dockerd) S" + rest, "4711"},
		"a name with a space": {"12 (a ) b) R" + rest, "4711"},
		"ended":               {"12 (dockerd) Z" + rest, ""},
		"nothing":             {"", ""},
	}
	for name, test := range tests {
		if got := parseStartTime(test.stat); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestOurs(t *testing.T) {
	dir, err := cache.At(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	engine := &Engine{Cache: dir}
	if got := engine.ours(); got != 0 {
		t.Errorf("before any was started: %d", got)
	}
	process := exec.Command("sleep", "60")
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	if err := engine.remember(process.Process.Pid); err != nil {
		t.Fatal(err)
	}
	if got := engine.ours(); got != process.Process.Pid {
		t.Errorf("got %d, want %d", got, process.Process.Pid)
	}
	if err := process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	process.Wait() // the error is that it was killed
	if got := engine.ours(); got != 0 {
		t.Errorf("after its end: %d", got)
	}
}
