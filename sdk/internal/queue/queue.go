// Package queue reads, holds and resumes Kueue's queues: their quota and usage, the
// pending Workloads with their positions, and whether a task can ever be admitted.
package queue

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/internal/access"
)

// Client implements sdk.Queue, but for Position, which needs tasks too.
type Client struct {
	conn *access.Conn

	// The responses that a submission needs are cached for a moment, because one
	// program may submit hundreds of tasks in a row.
	choices  access.Memo[wanted, Choice]
	classes  access.Memo[string, []kueue.WorkloadPriorityClass]
	quotas   access.Memo[string, *kueue.ClusterQueue]
	lenders  access.Memo[string, *cohorts]
	allNodes access.Memo[string, []corev1.Node]
}

// wanted is the key of a requested queue.
type wanted struct{ namespace, name string }

// moment is how long they are cached.
const moment = 10 * time.Second

// New returns a client over conn. It contacts no server.
func New(conn *access.Conn) *Client {
	c := &Client{conn: conn}
	c.choices.Keep, c.classes.Keep, c.quotas.Keep, c.lenders.Keep, c.allNodes.Keep = moment, moment, moment, moment, moment
	return c
}
