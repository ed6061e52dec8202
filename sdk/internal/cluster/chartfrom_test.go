//go:build unix

package cluster

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestAChartIsAFolderOrAFile(t *testing.T) {
	dir := t.TempDir()
	file, pipe := filepath.Join(dir, "kueue.tgz"), filepath.Join(dir, "pipe")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for from, want := range map[string]string{
		"": "", "embedded": "", dir: "", file: "",
		pipe:              "KueueChart: " + pipe + ` is neither a folder nor an ordinary file; name a chart's folder or archive, or "embedded"`,
		dir + "/none.tgz": "KueueChart: " + dir + `/none.tgz: no such file or directory; name a chart's folder or archive, or "embedded"`,
	} {
		switch err := checkChart(from); {
		case want == "" && err == nil:
		case err == nil || err.Error() != want:
			t.Errorf("%q: error %v, want %s", from, err, want)
		}
	}
}
