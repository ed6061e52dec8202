package layout

import "github.com/dustin/go-humanize"

// Bytes writes a size as Kubernetes counts: "1.5 GiB". All sizes that people read
// are written so.
func Bytes(n int64) string { return humanize.IBytes(uint64(max(n, 0))) }
