package record

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/kubevast/vast/internal/files"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// maxRead bounds what is read of one object of the store, in bytes. The list of
// configurations is the largest that there is.
const maxRead = MaxConfigurations + layout.MaxRecord

func WriteObject(ctx context.Context, b store.Backend, key string, data []byte) error {
	_, err := b.Put(ctx, key, bytes.NewReader(data), int64(len(data)), store.PutOptions{})
	return err
}

func ReadObject(ctx context.Context, b store.Backend, key string) ([]byte, error) {
	body, _, err := b.Get(ctx, key, 0)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, maxRead+1))
	if err == nil && len(data) > maxRead {
		err = &api.ConflictError{Message: fmt.Sprintf("%s in the store is larger than %d MiB, and was not made by this program", key, maxRead>>20)}
	}
	return data, err
}

// baseName is the name of a campaign's file in the store.
func FileName(file string) string {
	if file == "" || files.IsStream(file) || files.IsURL(file) {
		return "campaign.vast"
	}
	return filepath.Base(file)
}

// whole is the record of the cluster with what it leaves out of a big one.
func WithLists(r, stored *layout.Record) *layout.Record {
	out := *r
	out.Configs, out.Selected = stored.Configs, stored.Selected
	return &out
}

// storedFile is where the store has a campaign's file.
func FileKey(r *layout.Record) string {
	return layout.CampaignPrefix(r.ID) + layout.ConfigDir + FileName(r.File)
}

// MaxConfigurations is how large their file may be, in bytes: who finishes the
// campaign reads it as a whole. A million small ones are some 60 MB.
const MaxConfigurations = 512 << 20
