package cli

import (
	"testing"
	"time"

	"github.com/kubevast/vast/sdk/api"
)

func TestTransferLine(t *testing.T) {
	tests := map[string]struct {
		p     api.TransferProgress
		since time.Duration
		want  string
	}{
		"at the beginning no rate": {api.TransferProgress{TotalFiles: 3, TotalBytes: 1 << 20}, 0,
			"Up [....................] 0/3 files, 0 B of 1.0 MiB"},
		"by bytes": {api.TransferProgress{Files: 1, TotalFiles: 10, Bytes: 5 << 20, TotalBytes: 10 << 20}, 2 * time.Second,
			"Up [##########..........] 1/10 files, 5.0 MiB of 10 MiB, 2.5 MiB/s"},
		"what was there is not counted into the rate": {api.TransferProgress{Files: 1, TotalFiles: 2, Bytes: 5 << 20, SkippedBytes: 5 << 20, TotalBytes: 10 << 20},
			2 * time.Second, "Up [##########..........] 1/2 files, 5.0 MiB of 10 MiB"},
		"empty files": {api.TransferProgress{Files: 2, TotalFiles: 2}, time.Second, "Up [####################] 2/2 files, 0 B of 0 B"},
		"more than was said": {api.TransferProgress{Files: 2, TotalFiles: 2, Bytes: 12, TotalBytes: 10}, 0,
			"Up [####################] 2/2 files, 12 B of 10 B"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := transferLine("Up", tc.p, tc.since); got != tc.want {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}
