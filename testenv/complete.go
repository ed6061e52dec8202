package testenv

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/retry"

	"github.com/kubevast/vast/testenv/internal/kueue"
	"github.com/kubevast/vast/testenv/internal/network"
	"github.com/kubevast/vast/testenv/internal/run"
	"github.com/kubevast/vast/testenv/internal/taskimage"
)

// settleTimeout is how long a cluster may take until everything in it is up.
const settleTimeout = 5 * time.Minute

// complete adds what kind leaves out. Every step looks at what is there, so that a
// call that was cut short is finished by the next one.
func (s *setup) complete(ctx context.Context, c *Cluster) error {
	known, err := s.readStamp()
	if err != nil {
		return err
	}
	if err := c.connectPods(ctx); err != nil {
		return err
	}
	if err := c.openControlPlane(ctx); err != nil {
		return err
	}
	agent, err := s.wantedAgent(ctx)
	if err != nil {
		return err
	}
	policies, err := s.wantedPolicies(c.way)
	if err != nil {
		return err
	}
	// The images of tasks are large; what Kueue waits for meanwhile is not the disk.
	group, groupCtx := errgroup.WithContext(ctx)
	loaded := make(chan struct{})
	group.Go(func() error {
		if known.Images == wantedImages() {
			close(loaded)
			return nil
		}
		return s.loadImages(groupCtx, c, loaded)
	})
	group.Go(func() error {
		select {
		case <-loaded:
			if s.WithoutKueue {
				return nil
			}
			scaledDown := kueue.ScaledDown(groupCtx, c.client)
			if err := kueue.Install(groupCtx, s.root, c.kubeconfig, scaledDown, s.progress); err != nil {
				return err
			}
			return kueue.WaitAvailable(groupCtx, c.client)
		case <-groupCtx.Done():
			return nil // the other goroutine returns the error
		}
	})
	if known.Agent != agent {
		group.Go(func() error { return s.loadAgent(groupCtx, c) })
	}
	if known.Policies != policies {
		group.Go(func() error { return s.enforcePolicies(groupCtx, c) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	known.Agent, known.Policies = agent, policies
	known.Images, known.Kueue = wantedImages(), s.wantedKueue()
	s.progress("waiting for all that the cluster should have")
	if err := c.settle(ctx); err != nil {
		return err
	}
	c.kubectl = s.findKubectl(ctx, c)
	return s.writeStamp(known)
}

// settle waits until nothing is missing any more and Kueue's webhook answers.
func (c *Cluster) settle(ctx context.Context) error {
	var problems []string
	err := wait.PollUntilContextTimeout(ctx, 500*time.Millisecond, settleTimeout, true, func(ctx context.Context) (bool, error) {
		problems = c.problems(ctx)
		return len(problems) == 0, nil
	})
	if err != nil {
		return fmt.Errorf("the cluster does not settle: %w: %v", err, problems)
	}
	if !c.kueue {
		return nil
	}
	return kueue.WaitWebhook(ctx, c.kubeconfig)
}

// connectPods gives the nodes of our own image their network; stock ones have one.
func (c *Cluster) connectPods(ctx context.Context) error {
	if c.way != WaySource {
		return nil
	}
	nodes, err := c.networkNodes(ctx)
	if err != nil {
		return err
	}
	return network.Apply(ctx, nodes, podSubnet)
}

// networkNodes waits until every node has got its share of the pods' addresses. A worker
// that has joined may register only after a while.
func (c *Cluster) networkNodes(ctx context.Context) ([]network.Node, error) {
	var ready []network.Node
	err := wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		nodes, err := c.listNodes(ctx)
		if err != nil {
			return false, err
		}
		ready = ready[:0]
		for _, node := range nodes {
			if n, ok := network.NodeOf(&node); ok {
				ready = append(ready, n)
			}
		}
		return len(ready) == len(nodes) && len(nodes) >= c.nodes, nil
	})
	return ready, err
}

// openControlPlane lets the control plane take pods like any other node.
func (c *Cluster) openControlPlane(ctx context.Context) error {
	name, err := c.controlPlane(ctx)
	if err != nil {
		return err
	}
	return retry.RetryOnConflict(retry.DefaultRetry, func() error {
		node, err := c.client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		kept := slices.DeleteFunc(slices.Clone(node.Spec.Taints), func(taint corev1.Taint) bool {
			return taint.Key == controlPlaneLabel
		})
		if len(kept) == len(node.Spec.Taints) {
			return nil
		}
		node.Spec.Taints = kept
		_, err = c.client.CoreV1().Nodes().Update(ctx, node, metav1.UpdateOptions{})
		return err
	})
}

// loadImages puts the images into the nodes that these cannot pull, and closes kueueIs
// when Kueue's is there. Where there is a registry the nodes pull all but one by
// themselves.
func (s *setup) loadImages(ctx context.Context, c *Cluster, kueueIs chan<- struct{}) error {
	if c.way != WaySource {
		close(kueueIs)
		if c.way == WayExisting {
			return nil
		}
		build := run.Cmd{Args: []string{"docker", "build", "--tag", taskimage.BusyboxUser, "-"}, Stdin: strings.NewReader(taskimage.BusyboxUserDockerfile)}
		if err := build.Run(ctx); err != nil {
			return err
		}
		return c.LoadImage(ctx, taskimage.BusyboxUser)
	}
	queue, err := s.queueProgram(ctx)
	if err != nil {
		return err
	}
	s.progress("loading the images of Kueue, of the store and of tasks into the nodes")
	if err := c.loadPrograms(ctx, queue); err != nil {
		return err
	}
	close(kueueIs)
	store, err := s.storeProgram(ctx)
	if err != nil {
		return err
	}
	if err := c.loadPrograms(ctx, store); err != nil {
		return err
	}
	return c.loadStream(ctx, func(w io.Writer) error {
		return taskimage.Write(ctx, s.cache, s.progress, w)
	})
}
