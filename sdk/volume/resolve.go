package volume

import (
	"context"

	"github.com/kubevast/vast/sdk/spec"
)

// Mount is one volume of a task, resolved to a claim.
type Mount struct {
	// Path is where it is mounted, SubPath the folder of the volume that is.
	Path, SubPath string
	// Claim is the PersistentVolumeClaim; empty when the volume is Ephemeral.
	Claim     string
	ReadOnly  bool
	Ephemeral *spec.Volume
	// Warning is worth telling the user; it is empty as a rule.
	Warning string
}

// Resolve finds the claims of a task's volumes.
func (c *Client) Resolve(ctx context.Context, t *spec.Task, user string) ([]Mount, error) {
	if len(t.Volumes) == 0 {
		return nil, nil
	}
	return nil, nil
}
