package inputs

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/store"
)

// Upload sends the packs to the store. What is there already is not sent
// again, so it can be repeated after a failure. notify, if not nil, is told how
// far it is, in the files and bytes of the user; it is called by one goroutine
// at a time.
func (p *Plan) Upload(ctx context.Context, b store.Backend, notify func(api.TransferProgress)) error {
	u := &upload{notify: notify}
	var packs []*Pack
	seen := map[string]bool{}
	for _, made := range p.packs {
		if seen[made.Sum] {
			continue
		}
		seen[made.Sum] = true
		packs = append(packs, made)
		u.now.TotalFiles += made.Files
		u.now.TotalBytes += made.Bytes
	}
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(packing)
	for _, made := range packs {
		all.Go(func() error { return u.send(ctx, b, made) })
	}
	return all.Wait()
}

// upload counts over all packs.
type upload struct {
	mu     sync.Mutex
	now    api.TransferProgress
	notify func(api.TransferProgress)
}

func (u *upload) send(ctx context.Context, b store.Backend, p *Pack) error {
	files, bytes := 0, int64(0)
	tell := func(f int, n int64, skipped bool) {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.now.Files, u.now.Bytes = u.now.Files+f-files, u.now.Bytes+n-bytes
		if skipped {
			u.now.Skipped, u.now.SkippedBytes = u.now.Skipped+f, u.now.SkippedBytes+n
		}
		files, bytes = f, n
		if u.notify != nil {
			u.notify(u.now)
		}
	}
	sent, err := p.Upload(ctx, b, func(f int, n int64) { tell(f, n, false) })
	if err == nil {
		tell(p.Files, p.Bytes, !sent)
	}
	return err
}

// Describe says how much would be sent, for messages: "3 files, 2.0 MiB packed".
func (p *Plan) Describe() string {
	var parts []string
	for _, made := range p.packs {
		parts = append(parts, describe(made))
	}
	return strings.Join(parts, "; ")
}

func size(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%.0f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}
