package pack

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhatCannotBeReadIsReportedAtOnce(t *testing.T) {
	dir, in := outer(t, map[string]string{"a": "", "locked/x": "", "b": "", "mine": ""})
	for name, mode := range map[string]os.FileMode{"in/a": 0, "in/b": 0o200, "in/locked": 0o700, "..": 0o755} {
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	asNobody(t, func() {
		_, err := Scan(t.Context(), in, ScanOptions{})
		want := []string{"a: it cannot be read: permission denied; fix that, or name it in a .gitignore",
			"b: it cannot be read: permission denied; fix that, or name it in a .gitignore",
			"locked: it cannot be read: permission denied; fix that, or name it in a .gitignore"}
		if diff := cmp.Diff(in+"/"+strings.Join(want, "\n"+in+"/"), fmt.Sprint(err)); diff != "" {
			t.Errorf("error (-want,+got):\n%s", diff)
		}
		folder, err := Scan(t.Context(), in, ScanOptions{Globs: []string{"**/m*"}})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]Skipped{{"locked", "it cannot be looked into: permission denied"}}, folder.Skipped); diff != "" || names(folder.Entries) != "mine\n" {
			t.Errorf("entries %s skipped (-want,+got):\n%s", names(folder.Entries), diff)
		}
	})
}

// asNobody does something without root's right to read everything.
func asNobody(t *testing.T, do func()) {
	t.Helper()
	if os.Geteuid() == 0 {
		runtime.LockOSThread() // the right is one of the thread
		defer runtime.UnlockOSThread()
		const nobody = 65534
		_, _, _ = syscall.RawSyscall(syscall.SYS_SETFSUID, nobody, 0, 0) // it never reports an error; the test does
		defer syscall.RawSyscall(syscall.SYS_SETFSUID, 0, 0, 0)          //nolint:errcheck // neither
	}
	do()
}
