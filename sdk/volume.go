package sdk

import (
	"context"
	"iter"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// Volume manages the volumes that tasks mount. A volume is a PersistentVolumeClaim.
//
// A ref names a volume by the name that the user gave it or by the name of its
// claim; after a type, as in "volume.kubevast.io/NAME" or "pvc/NAME", it is the
// name of the claim.
type Volume interface {
	// Render returns the claim that Create would create. It contacts no cluster.
	Render(v *spec.Volume) (runtime.Object, error)
	// Create creates a volume and does not wait until it is bound. If the volume
	// exists already the error is an *api.ConflictError; with use_existing in the
	// file the claim must exist and is returned.
	Create(ctx context.Context, v *spec.Volume, o api.VolumeCreateOptions) (*api.VolumeStatus, error)
	// Get returns one volume with the tasks that use it.
	Get(ctx context.Context, ref string) (*api.VolumeStatus, error)
	// List returns volumes with the tasks that use them, oldest first.
	List(ctx context.Context, o api.VolumeListOptions) (*api.VolumeStatusList, error)
	// Watch yields each volume once, then again after every change of its claim,
	// until ctx is done. It reconnects when a connection is lost. UsedBy is read
	// again with each change. A deleted volume is yielded once more with
	// DeletionTimestamp set.
	Watch(ctx context.Context, o api.VolumeListOptions) iter.Seq2[*api.VolumeStatus, error]
	// Delete deletes a volume. One that is in use, or that belongs to another user,
	// is an *api.ConflictError.
	Delete(ctx context.Context, ref string, o api.VolumeDeleteOptions) (*api.VolumeStatus, error)
}
