// Package queue looks at Kueue's queues and holds them: quota and use, what
// waits and where it stands, and whether a task can ever fit.
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

	// What each submission asks is kept for a moment: hundreds may come from
	// one program, one right behind the other.
	choices  access.Memo[wanted, Choice]
	classes  access.Memo[string, []kueue.WorkloadPriorityClass]
	quotas   access.Memo[string, *kueue.ClusterQueue]
	lenders  access.Memo[string, *cohorts]
	allNodes access.Memo[string, []corev1.Node]
}

// wanted is a queue as it is asked for.
type wanted struct{ namespace, name string }

// moment is how long answers to submissions are kept.
const moment = 10 * time.Second

// New returns a client over conn. It contacts nobody.
func New(conn *access.Conn) *Client {
	c := &Client{conn: conn}
	c.choices.Keep, c.classes.Keep, c.quotas.Keep, c.lenders.Keep, c.allNodes.Keep = moment, moment, moment, moment, moment
	return c
}
