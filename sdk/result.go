package sdk

import (
	"context"

	"github.com/kubevast/vast/sdk/api"
)

// Result knows what is kept of tasks and campaigns in the store, as long as it
// is kept: the Jobs and pods may be gone. It is NotInstalledError where the namespace
// has no store.
//
// Options name a task by its id or its Job's name, with "/<node>" behind it for
// one node, or a campaign by its id, with "/<config>" or "/<config>/<run>" behind
// it for a part. A name of the caller's does where it is one's alone, and so does
// the beginning of an id, and "@latest" is his newest task or campaign. A type may
// stand before it, as -o name prints it. Delete takes no beginning of a name.
type Result interface {
	// List returns results with their outcome and size. Without a name it
	// returns all of the caller's: each campaign is one Result then.
	List(ctx context.Context, o api.ResultOptions) (*api.ResultList, error)
	// Show returns results with all their files.
	Show(ctx context.Context, o api.ResultOptions) (*api.ResultList, error)
	// Download fetches results into a folder or an archive. Calling it again
	// fetches only what is missing; other content that is there is a
	// Conflict without Force. Incomplete results are fetched and named in
	// the report.
	Download(ctx context.Context, o api.DownloadOptions) (*api.DownloadReport, error)
	// Delete removes results. What still runs is a ConflictError without Force.
	Delete(ctx context.Context, o api.DeleteResultOptions) (*api.ResultList, error)
}
