package fetcher

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/pack"
	"github.com/kubevast/vast/sdk/api"
)

// pack unpacks one from the store. Its key is the hash of its content.
func (f *Fetcher) pack(ctx context.Context, item agentspec.Item) error {
	sum, ok := strings.CutPrefix(item.Pack, layout.Inputs)
	if !ok {
		return fmt.Errorf("%q is no pack: its name does not begin with %s", item.Pack, layout.Inputs)
	}
	s, err := f.store()
	if err != nil {
		return err
	}
	content, _, err := s.Get(ctx, item.Pack, 0)
	if missing := (*api.NotFoundError)(nil); errors.As(err, &missing) && missing.Kind == "object" {
		return fmt.Errorf("the store has no %s any more; submit it again, and it is uploaded again", item.Pack)
	}
	if err != nil {
		return err
	}
	defer content.Close()
	hash := sha256.New()
	all := io.TeeReader(content, hash)
	if err := pack.Extract(ctx, all, item.To, pack.ExtractOptions{Only: item.Only}); err != nil {
		return fmt.Errorf("%s: %w", item.Pack, err)
	}
	if _, err := io.Copy(io.Discard, all); err != nil { // what follows the pack's own end
		return err
	}
	if found := hex.EncodeToString(hash.Sum(nil)); found != sum {
		return fmt.Errorf("%s is damaged: its SHA-256 is %s; remove it from the store and submit again", item.Pack, found)
	}
	return nil
}

// packFile unpacks one that came with the pod.
func (f *Fetcher) packFile(ctx context.Context, item agentspec.Item) error {
	file, err := os.Open(item.PackFile)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := pack.Extract(ctx, file, item.To, pack.ExtractOptions{Only: item.Only}); err != nil {
		return fmt.Errorf("%s: %w", item.PackFile, err)
	}
	return nil
}
