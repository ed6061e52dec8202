package archiver

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kubevast/vast/internal/layout"
)

// BenchmarkBuild compares Build with tar and pigz for files of numbers as a simulation
// writes them. VAST_BENCH_MIB is their size.
func BenchmarkBuild(b *testing.B) {
	mib, _ := strconv.Atoi(os.Getenv("VAST_BENCH_MIB"))
	mib = max(mib, 32)
	pigz, err := exec.LookPath("pigz")
	if err != nil {
		b.Skip("pigz is not installed")
	}
	s := newStore(b)
	tree := b.TempDir()
	source := rand.New(rand.NewPCG(1, 2))
	for i := range mib / 4 {
		var text strings.Builder
		for text.Len() < 4<<20 {
			fmt.Fprintf(&text, "%d,%.6f,%.6f,%.3f\n", text.Len()/40, source.NormFloat64(), source.Float64()*100, source.Float64())
		}
		content := []byte(text.String())
		run(b, s, "fast", i, map[string][]byte{"data.csv": content})
		if err := os.WriteFile(filepath.Join(tree, fmt.Sprintf("data-%d.csv", i)), content, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		began := time.Now()
		record, err := Build(b.Context(), s, Options{Prefix: layout.CampaignPrefix(campaign), Folder: campaign, Name: "a.tar.gz"})
		if err != nil {
			b.Fatal(err)
		}
		ours := time.Since(began)
		out := filepath.Join(b.TempDir(), "a.tar.gz")
		began = time.Now()
		if text, err := exec.CommandContext(b.Context(), "sh", "-c", fmt.Sprintf("tar -cf - -C %s . | %s -c >%s", tree, pigz, out)).CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, text)
		}
		theirs := time.Since(began)
		info, err := os.Stat(out)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(theirs.Seconds()/ours.Seconds(), "times-pigz")
		b.ReportMetric(float64(record.Size)/float64(info.Size()), "size-of-pigz")
		b.ReportMetric(float64(mib)/ours.Seconds(), "MiB/s")
	}
	runtime.GC()
}
