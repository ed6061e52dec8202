package task

import (
	"context"
	"io"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/manifest"
)

const (
	// askedNodes is the number of nodes whose logs are read: each node that waits
	// reports all missing nodes.
	askedNodes = 8
	// tailLines and tailBytes bound what is read of each log: processes that setup has
	// started may print after the launcher's line. The API server's limit in bytes
	// would cut off the end, and with it the line.
	tailLines, tailBytes = 50, 1 << 20
)

// setBarrier sets which nodes' setup the running nodes of a task wait for. Only their
// logs report it. It does nothing if the caller may not read logs. A node that does not
// wait keeps its reason.
func (c *Client) setBarrier(ctx context.Context, s *api.TaskStatus) {
	if s.State != api.Running || s.NumNodes < 2 || s.Diagnosis != nil {
		return
	}
	var asked sync.WaitGroup
	waits := make([]string, len(s.Nodes))
	n := 0
	for i := range s.Nodes {
		node := &s.Nodes[i]
		if node.State != api.NodeRunning || n == askedNodes {
			continue
		}
		n++
		asked.Go(func() {
			waits[i] = waitsFor(c.tail(ctx, s.Namespace, node.Pod))
		})
	}
	asked.Wait()
	for i, what := range slices.Backward(waits) {
		if what != "" {
			s.Nodes[i].Reason, s.Reason = what, what
		}
	}
}

// tail returns the end of the log of a pod's main container; "" if it cannot be read.
func (c *Client) tail(ctx context.Context, namespace, pod string) string {
	log, err := c.conn.Kube.CoreV1().Pods(namespace).GetLogs(pod, &corev1.PodLogOptions{
		Container: manifest.Container, TailLines: ptr.To[int64](tailLines)}).Stream(ctx)
	if err != nil {
		return ""
	}
	defer log.Close() // nothing was written
	text, err := io.ReadAll(io.LimitReader(log, tailBytes))
	if err != nil {
		return ""
	}
	return string(text)
}

// waitsFor returns what a node's launcher waits for, from the end of its log; "" for
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
