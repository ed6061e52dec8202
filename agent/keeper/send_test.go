package keeper

import (
	"context"
	"io"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/kubevast/vast/internal/store"
)

// inParts is a store that reads a file to its end before it sends it in parts,
// and watches what counts as a movement.
type inParts struct {
	store.Backend
	moved func() int64
	seen  []int64
}

func (b *inParts) Put(_ context.Context, key string, r io.Reader, size int64, o store.PutOptions) (store.Object, error) {
	if _, err := io.Copy(io.Discard, r); err != nil {
		return store.Object{}, err
	}
	for range 3 {
		b.seen = append(b.seen, b.moved())
		if o.Sent != nil {
			o.Sent(size / 3)
		}
	}
	b.seen = append(b.seen, b.moved())
	return store.Object{Key: key, Size: size, SHA256: "x"}, nil
}

// One large file may be all that is left, and take long: each of its parts that
// arrives says that the store is alive.
func TestEachPartThatArrivesIsAMovement(t *testing.T) {
	t.Parallel()
	k := keeperInto(t, folderOf(t, map[string]string{"large": "123456789"}))
	b := &inParts{Backend: k.store, moved: k.moved.Load}
	k.sender.store = b
	k.results[0].tree.look()
	if err := k.sender.send(t.Context(), k.results[0].tree, true, func(string, string) {}); err != nil {
		t.Fatal(err)
	}
	if len(b.seen) != 4 || len(slices.Compact(slices.Clone(b.seen))) != 4 {
		t.Errorf("%v", b.seen)
	}
}

// counting counts what is put.
type counting struct {
	store.Backend
	n atomic.Int64
}

func (b *counting) Put(ctx context.Context, key string, r io.Reader, size int64, o store.PutOptions) (store.Object, error) {
	b.n.Add(1)
	return b.Backend.Put(ctx, key, r, size, o)
}
