package sdk

import (
	"context"

	"github.com/kubevast/vast/sdk/api"
)

// Result reads, downloads and deletes the stored results and logs of tasks and
// campaigns. They are independent of the Jobs and pods, which may be deleted. Every
// method returns an *api.NotInstalledError where the namespace has no store.
//
// A ref names a task by its id or its Job's name, with "/RANK" after it for one
// rank, or a campaign by its id, with "/CONFIG" or "/CONFIG/RUN" after it for a part
// of it. A name is accepted if the caller has one task or campaign of that name, a
// prefix of an id if it is unique, and "@latest" is the caller's newest task or
// campaign. It may have a type before it, as in "task/ID". Delete accepts no prefix
// of a name.
type Result interface {
	// Get returns the results of a task or campaign with all their files. A ref of
	// which nothing is stored is an *api.NotFoundError.
	Get(ctx context.Context, ref string, o api.ResultGetOptions) (*api.ResultList, error)
	// List returns results with their outcome and size. Without o.Ref each campaign
	// is one Result, without counts of files and bytes.
	List(ctx context.Context, o api.ResultListOptions) (*api.ResultList, error)
	// Download downloads results into a folder or an archive. It is idempotent:
	// files that are complete are not downloaded again. Files with other content
	// are an *api.ConflictError unless o.Force is set. Incomplete results are
	// downloaded and listed in the report.
	Download(ctx context.Context, ref string, o api.DownloadOptions) (*api.DownloadReport, error)
	// Delete deletes results and returns those that it has deleted. Unfinished work
	// is an *api.ConflictError unless o.Force is set. An interrupted call can be
	// repeated.
	Delete(ctx context.Context, ref string, o api.ResultDeleteOptions) (*api.ResultList, error)
}
