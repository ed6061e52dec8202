package inputs

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// Upload sends the packs to the store. Existing ones are not sent again, so it
// can be repeated after a failure. notify, if not nil, receives the progress,
// in the files and bytes of the user; it is called by one goroutine at a time.
func (p *Plan) Upload(ctx context.Context, b store.Backend, notify func(api.TransferProgress)) error {
	m := &meter{notify: notify}
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(packing)
	seen := map[string]bool{}
	var sends []func() error
	for _, made := range p.packs {
		if seen[made.Sum] {
			continue
		}
		seen[made.Sum] = true
		report := m.part(made.Files, made.Bytes)
		sends = append(sends, func() error {
			sent, err := made.Upload(ctx, b, report)
			if err == nil {
				report(made.Files, made.Bytes)
			}
			if err == nil && !sent {
				m.skip(made.Files, made.Bytes)
			}
			return err
		})
	}
	for _, send := range sends { // when the totals are known
		all.Go(send)
	}
	return all.Wait()
}

// Describe returns how much would be sent, for messages: "3 files, 2.0 MiB
// packed".
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
