package sdk

import (
	"context"

	"github.com/kubevast/vast/sdk/api"
)

// Result knows what is kept of tasks and campaigns in the store, as long as it
// is kept: the Jobs and pods may be gone. It is NotInstalled where the namespace
// has no store.
//
// Options name a task by its id or its Job's name, with "/<node>" behind it for
// one node, or a campaign by its id, with "/<config>" or "/<config>/<run>" behind
// it for a part. A unique prefix of an id does, and "@latest" is the caller's
// newest task or campaign.
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
	// Delete removes results. What still runs is a Conflict without Force.
	Delete(ctx context.Context, o api.DeleteResultOptions) (*api.ResultList, error)
}
