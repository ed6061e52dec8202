package sdk

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// Volume knows how to look after the volumes that tasks mount. A name is the
// user's name of a volume or its claim's name; behind a type, as in
// "volume.kubevast.io/NAME" or "pvc/NAME", it is the claim's.
type Volume interface {
	// Render returns the claim that Create would create.
	Render(v *spec.Volume) (runtime.Object, error)
	// Create makes the volume. A volume of that name that is already there
	// is a ConflictError; with UseExisting the claim must be there and is taken.
	Create(ctx context.Context, v *spec.Volume, o api.CreateVolumeOptions) (*api.VolumeStatus, error)
	// Get returns one volume with the tasks that use it.
	Get(ctx context.Context, name string) (*api.VolumeStatus, error)
	// List returns volumes with the tasks that use them.
	List(ctx context.Context, o api.ListOptions) (*api.VolumeStatusList, error)
	// Delete removes a volume. One that is in use is a ConflictError that names
	// the tasks.
	Delete(ctx context.Context, name string, o api.DeleteOptions) (*api.VolumeStatus, error)
}
