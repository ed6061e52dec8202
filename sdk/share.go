package sdk

import (
	"context"
	"iter"
	"time"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/share/archives"
	"github.com/kubevast/vast/internal/share/plugin"
	"github.com/kubevast/vast/internal/share/providers"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/sharing"
	"github.com/kubevast/vast/sdk/share"
)

// Share uploads archives of campaigns and tasks to a share, from inside the cluster. What
// is on a share is read by a ShareProvider, without a cluster.
type Share interface {
	// Upload starts a Job that builds an archive of each campaign and task in the store,
	// uploads it and verifies it. It returns when the Job is created. Those that have not
	// ended are Excluded. If the same upload has not ended yet, it is returned as Attached;
	// another upload to the same share is an *api.ConflictError until it has ended.
	Upload(ctx context.Context, o api.ShareUploadOptions) (*api.ShareUpload, error)
	// List returns the last upload to each share, the newest first, also of Jobs that were
	// deleted.
	List(ctx context.Context) (*api.ShareUploadList, error)
	// Get returns the upload of the Job of that name.
	Get(ctx context.Context, name string) (*api.ShareUpload, error)
	// Stop ends an upload that has not ended: it deletes the Job, and returns when its pod
	// has ended. An empty name is that of the only one. What has arrived stays, on the
	// share and in the store: the next Upload continues. It returns the last status; an
	// *api.NotFoundError if there is none of the name, or none to stop; an *api.ConflictError
	// if the upload has ended, or if name is empty and several have not.
	Stop(ctx context.Context, name string, o api.ShareStopOptions) (*api.ShareUpload, error)
	// Watch yields the upload of that name, first and whenever it has changed, until it has
	// ended. An error is the last that it yields.
	Watch(ctx context.Context, name string) iter.Seq2[*api.ShareUpload, error]
}

// ShareProvider is a connection to a share.
type ShareProvider = share.ShareProvider

// ShareProviders returns a new registry of the types of shares of this module.
func ShareProviders() *share.Registry { return providers.Builtin() }

// AddSharePlugins adds a type to the registry for each executable kubectl-vast-share-TYPE on the
// PATH whose type it does not have. It runs each for a moment, so that it describes
// itself. One that does not work makes a type whose settings are never valid; the
// problem is the reason. The protocol is in docs/share-plugins.md.
func AddSharePlugins(ctx context.Context, registry *share.Registry) {
	plugin.RegisterAll(ctx, registry)
}

// LoadShare reads the type of a share and its settings from the environment, and from the
// first file .env from dir upwards; an empty dir is the working directory. The environment
// overrides the file, of which nothing is expanded or exported. With upload the settings are
// those for ShareUploadOptions: complete for a process in the cluster. All that is missing
// or malformed is one *api.InvalidSpecError. No request is sent.
func LoadShare(ctx context.Context, registry *share.Registry, dir string, upload bool) (share.Definition, share.Settings, error) {
	return sharing.Load(ctx, registry, sharing.LoadOptions{Dir: dir, Upload: upload})
}

// FindArchives returns the archives on a share that refs name, sorted by name; without
// refs all of them. A ref is a campaign's or task's id or name, the beginning of an id, the
// name of a file, a glob on names, or "@latest". One that names nothing is an
// *api.NotFoundError, one that names several archives of a campaign an
// *api.InvalidSpecError. Calls to the share are repeated a few times after temporary
// errors.
func FindArchives(ctx context.Context, p ShareProvider, refs ...string) ([]share.Object, error) {
	if len(refs) == 0 {
		return archives.List(ctx, p, false)
	}
	return archives.Find(ctx, p, refs)
}

// ArchiveOptions are the options of FetchArchive.
type ArchiveOptions = archives.FetchOptions

// FetchArchive downloads an archive into o.Dir as share.Download does, and unpacks it. An
// archive with paths outside of its folder, links that lead out of it, hard links or
// device files is an *api.InvalidSpecError; nothing of it is unpacked then. What is in o.Dir
// already is an *api.ConflictError, before anything is downloaded, unless o.Force is set. It
// returns the names in o.Dir that it has created. A call that was interrupted is
// continued by the next one.
func FetchArchive(ctx context.Context, p ShareProvider, object share.Object, o ArchiveOptions) ([]string, error) {
	return archives.Fetch(ctx, p, object, o)
}

// shares implements Share.
type shares struct {
	*sharing.Client
	conn *access.Conn
}

// Shares returns the interface to uploads to shares.
func (c *Client) Shares() Share { return shares{c.shares, c.conn} }

// pollShares is the interval between two reads of Watch.
const pollShares = time.Second

// Watch implements Share.
func (s shares) Watch(ctx context.Context, name string) iter.Seq2[*api.ShareUpload, error] {
	return func(yield func(*api.ShareUpload, error) bool) {
		get, done, err := s.Follow(ctx, name)
		if err != nil {
			yield(nil, err)
			return
		}
		defer done()
		for u, err := range watch(ctx, s.conn.Warn, pollShares, get) {
			if !yield(u, err) || err != nil || u.State.Ended() {
				return
			}
		}
	}
}
