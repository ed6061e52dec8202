package task

import (
	"context"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/kube"
	"github.com/kubevast/vast/sdk/manifest"
)

const (
	// askedNodes is of how many nodes the log is read: any node whose setup has
	// ended tells whom all of them wait for.
	askedNodes = 8
	// tailLines and tailBytes bound what is read of each: what setup has left
	// running may print behind the launcher's line.
	tailLines, tailBytes = 50, 16 << 10
)

// tellBarrier fills in whose setup the running nodes of a task wait for. Only
// their logs know it. Who may not read them is not told.
func (c *Client) tellBarrier(ctx context.Context, s *api.TaskStatus) {
	if s.State != api.Running || s.NumNodes < 2 || s.Diagnosis != nil {
		return
	}
	var asked sync.WaitGroup
	n := 0
	for i := range s.Nodes {
		node := &s.Nodes[i]
		if node.State != api.NodeRunning || n == askedNodes {
			continue
		}
		n++
		asked.Go(func() {
			text, err := c.conn.Kube.CoreV1().Pods(s.Namespace).GetLogs(node.Pod, &corev1.PodLogOptions{
				Container: manifest.Container, TailLines: ptr.To[int64](tailLines), LimitBytes: ptr.To[int64](tailBytes)}).DoRaw(ctx)
			if err == nil {
				node.Reason = waitsFor(string(text))
			}
		})
	}
	asked.Wait()
	for _, node := range s.Nodes {
		if node.State == api.NodeRunning && node.Reason != "" {
			s.Reason = node.Reason
			return
		}
	}
}

// waitsFor reads from the end of a node's log what its launcher waits for; "" for
// nothing.
func waitsFor(log string) string {
	what := ""
	for line := range strings.Lines(log) {
		if said, ours := strings.CutPrefix(strings.TrimSpace(line), kube.LauncherPrefix); ours {
			what = ""
			if strings.HasPrefix(said, kube.LauncherWaits) {
				what = said
			}
		}
	}
	return what
}
