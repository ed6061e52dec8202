package doctor

import (
	"context"
	"errors"
	"strings"

	"github.com/kubevast/vast/sdk/api"
)

// pods: the namespace lets in the pods of tasks. A ResourceQuota that wants limits
// of every container, a LimitRange, a webhook or a missing account keep them out,
// and their Job waits for ever.
func (c *Client) pods(ctx context.Context, o api.DoctorOptions) []api.Check {
	refused, err := c.tasks.TryPod(ctx, o.AgentImage)
	return one(podCheck(refused, err))
}

func podCheck(refused *api.Diagnosis, err error) api.Check {
	const name = "pods"
	var forbidden *api.ForbiddenError
	switch {
	case errors.As(err, &forbidden):
		return skipped(name, "you may not create pods, by which it is tried; tasks do not need that")
	case err != nil:
		return warning(name, err.Error(), "no pod of a task can be made; try again")
	case refused == nil:
		return ok(name, "the namespace lets in the pods of a task that asks for nothing")
	case refused.Cause == api.CauseQuota && strings.Contains(refused.Message, "is used up"):
		return warning(name, refused.Message, "tasks wait until other pods end; or ask for a larger quota")
	}
	fix := refused.Hint
	if fix == "" {
		fix = "tasks wait for ever; ask the namespace's administrator"
	}
	return warning(name, refused.Message, fix)
}
