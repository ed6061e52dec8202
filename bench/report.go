package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// report is the table and where and when it was made.
type report struct {
	cores               int
	memory              string
	nodes               int
	kubernetes, kubectl string
	date                time.Time
	load                [2]string // before and after
	took                time.Duration
	figures             []figure
	failed              []string // what could not be measured
}

func newReport(ctx context.Context, e *env) (*report, error) {
	r := &report{cores: runtime.NumCPU(), memory: memory(), date: time.Now().UTC()}
	r.load[0] = load()
	server, err := e.kube.Discovery().ServerVersion()
	if err != nil {
		return nil, err
	}
	r.kubernetes = server.GitVersion
	if r.nodes, err = countNodes(ctx, e); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if _, err := run(ctx, &out, e.kubectl, "version", "--client", "-o", "json"); err != nil {
		return nil, err
	}
	var version struct {
		ClientVersion struct{ GitVersion string }
	}
	if err := json.Unmarshal(out.Bytes(), &version); err != nil {
		return nil, fmt.Errorf("kubectl version: %w", err)
	}
	r.kubectl = version.ClientVersion.GitVersion
	return r, nil
}

func (r *report) end() { r.load[1], r.took = load(), time.Since(r.date) }

// where says what the figures hold for.
func (r *report) where() []string {
	return []string{
		fmt.Sprintf("Machine: %d cores, %s memory; client and cluster share it if the cluster is testenv's", r.cores, r.memory),
		fmt.Sprintf("Load average before and after: %s; %s", r.load[0], r.load[1]),
		fmt.Sprintf("Kubernetes: %s, %d nodes", r.kubernetes, r.nodes),
		"kubectl: " + r.kubectl,
		fmt.Sprintf("Date: %s; the run took %s", r.date.Format("2006-01-02 15:04 MST"), r.took.Round(time.Second)),
	}
}

var header = []string{"what", "ours", "theirs", "ratio", "bound", "met", "range of ratio", "runs"}

func (f figure) row() []string {
	return []string{f.what, f.ours, f.theirs, fmt.Sprintf("%.2f", f.ratio), f.bound.String(), f.met(),
		fmt.Sprintf("%.2f to %.2f", f.from, f.to), f.runs}
}

// verdict says whether all bounds are met, and which are not.
func (r *report) verdict() string {
	var missed []string
	bounds := 0
	for _, f := range r.figures {
		if f.bound.limit > 0 {
			bounds++
		}
		if f.met() == "NO" {
			missed = append(missed, f.what)
		}
	}
	if len(missed) > 0 {
		return fmt.Sprintf("MISSED %d of %d bounds: %s.", len(missed), bounds, strings.Join(append(missed, r.failed...), "; "))
	}
	if len(r.failed) > 0 {
		return "NOT EVERYTHING WAS MEASURED: " + strings.Join(r.failed, "; ") + "."
	}
	return fmt.Sprintf("All %d bounds are met.", bounds)
}

func (r *report) print(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.ToUpper(strings.Join(header, "\t")))
	for _, f := range r.figures {
		fmt.Fprintln(t, strings.Join(f.row(), "\t"))
	}
	_ = t.Flush() // it fails as w does, and then there is no reader
	for _, f := range r.figures {
		for _, note := range f.notes {
			fmt.Fprintf(w, "%s: %s\n", f.what, note)
		}
	}
	fmt.Fprintf(w, "\n%s\n\n%s\n", strings.Join(r.where(), "\n"), r.verdict())
}

func (r *report) markdown() []byte {
	var b bytes.Buffer
	fmt.Fprint(&b, "# Results of `make bench`\n\nWritten by the program; see README.md for what is measured and how.\n\n")
	fmt.Fprintf(&b, "**%s**\n\n", r.verdict())
	fmt.Fprintf(&b, "| %s |\n|%s\n", strings.Join(header, " | "), strings.Repeat("---|", len(header)))
	for _, f := range r.figures {
		cells := f.row()
		for i := range cells {
			cells[i] = strings.ReplaceAll(cells[i], "|", `\|`)
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	}
	fmt.Fprint(&b, "\nEach ratio is the median of the ratios within pairs; ours and theirs are medians by themselves.\n\n")
	for _, f := range r.figures {
		for _, note := range f.notes {
			fmt.Fprintf(&b, "- %s: %s\n", f.what, note)
		}
	}
	fmt.Fprint(&b, "\n## Where and when\n\n")
	for _, line := range r.where() {
		fmt.Fprintf(&b, "- %s\n", line)
	}
	return b.Bytes()
}

func memory() string {
	data, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return "unknown"
	}
	var kib float64
	if _, err := fmt.Sscanf(string(data), "MemTotal: %f kB", &kib); err != nil {
		return "unknown"
	}
	return fmt.Sprintf("%.1f GiB", kib/(1<<20))
}

func load() string {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(data))[:3], " ")
}
