package dav

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"

	"github.com/kubevast/vast/sdk/share"
)

// verify compares the checksum of the part, where one is known or is to be computed.
func (u *upload) verify(ctx context.Context) error {
	if u.sums.SHA256 == "" && u.abilities.sums {
		var err error
		if u.sums, err = u.share.options.Sum(ctx, u.share, u.part); err != nil {
			return err
		}
	}
	if u.sums.SHA256 == "" && u.share.options.ReadBack {
		sum, err := u.share.readBack(ctx, u.part, u.source.Size)
		if err != nil {
			return err
		}
		u.sums.SHA256 = sum
	}
	if u.sums.SHA256 == "" || u.sums.SHA256 == u.source.Checksums.SHA256 {
		return nil
	}
	stored := u.sums.SHA256
	u.sums = share.Checksums{}
	if err := u.share.delete(ctx, u.part); err != nil {
		return err
	}
	return &share.TemporaryError{Message: fmt.Sprintf("what the share has stored of %q is damaged: its SHA-256 is %s instead of %s", u.name, stored, u.source.Checksums.SHA256)}
}

// readBack downloads a file and returns its SHA-256.
func (s *Share) readBack(ctx context.Context, name string, size int64) (string, error) {
	w := &hashWriter{hash: sha256.New()}
	if _, err := s.client.Fetch(ctx, s.URL(name), name, w, share.DownloadOptions{}, nil); err != nil {
		return "", err
	}
	if w.at != size {
		return "", &share.TemporaryError{Message: fmt.Sprintf("%d of %d bytes of %q could be read back", w.at, size, name)}
	}
	return hex.EncodeToString(w.hash.Sum(nil)), nil
}

// hashWriter hashes what is written from the beginning on.
type hashWriter struct {
	hash hash.Hash
	at   int64
}

func (w *hashWriter) WriteAt(p []byte, off int64) (int, error) {
	if off != w.at {
		return 0, fmt.Errorf("written at %d instead of %d", off, w.at)
	}
	w.at += int64(len(p))
	return w.hash.Write(p)
}
