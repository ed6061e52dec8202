package store

import (
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
	"golang.org/x/sync/errgroup"

	"github.com/kubevast/vast/internal/kube"
)

const (
	// partsAtOnce is how many parts of one object are on their way.
	partsAtOnce = 4
	abortTime   = 30 * time.Second
	// metaPut is the user metadata that distinguishes uploads.
	metaPut = "Vast-Put"
)

// parts is an object that is sent in parts.
type parts struct {
	s       *Store
	o       PutOptions
	key, id string
	mark    string
	mu      sync.Mutex
	sent    []minio.CompletePart
}

// inParts begins an object, has it sent, and joins or gives up its parts. send
// returns what the object is.
func (s *Store) inParts(ctx context.Context, key string, o PutOptions, send func(*parts) (Object, error)) (Object, error) {
	// versitygw notices it when all parts are there, takes it for an error of
	// its own, and can no longer remove the folder.
	if page, err := s.page(ctx, key+"/", after{}, false, 1); err == nil && len(page.Contents) > 0 {
		return Object{}, inTheWay(key, nil)
	}
	p := &parts{s: s, o: o, key: key, mark: kube.NewID()}
	headers := o.request(true)
	if headers.UserMetadata == nil {
		headers.UserMetadata = map[string]string{}
	}
	headers.UserMetadata[metaPut] = p.mark
	err := s.retry(ctx, func() (err error) {
		p.id, err = s.s3.NewMultipartUpload(ctx, s.Bucket, key, minio.PutObjectOptions{ContentType: headers.ContentType, UserMetadata: headers.UserMetadata})
		return err
	})
	if err != nil {
		return Object{}, err
	}
	made, err := send(p)
	if err == nil {
		err = p.join(ctx, o, made.Size)
	}
	if err != nil {
		// Also after Ctrl-C: parts that are never joined use space for ever.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTime)
		defer cancel()
		_ = s.s3.AbortMultipartUpload(ctx, s.Bucket, key, p.id) // the first error counts
		return Object{}, err
	}
	made.Key, made.Modified = key, time.Now()
	return made, nil
}

// send stores part n, from 1 on.
func (p *parts) send(ctx context.Context, n int, r *section, found digest) error {
	return p.s.retry(ctx, func() error {
		if _, err := r.Seek(0, io.SeekStart); err != nil {
			return err
		}
		part, err := p.s.s3.PutObjectPart(ctx, p.s.Bucket, p.key, p.id, n, r, r.size,
			minio.PutObjectPartOptions{Sha256Hex: found.sha256, Md5Base64: found.md5, DisableContentSha256: true})
		if err != nil {
			return err
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.sent = append(p.sent, minio.CompletePart{PartNumber: n, ETag: part.ETag})
		p.o.arrived(r.size)
		return nil
	})
}

func (p *parts) join(ctx context.Context, o PutOptions, size int64) error {
	slices.SortFunc(p.sent, func(a, b minio.CompletePart) int { return a.PartNumber - b.PartNumber })
	return p.s.retry(ctx, func() error {
		_, err := p.s.s3.CompleteMultipartUpload(ctx, p.s.Bucket, p.key, p.id, p.sent, o.request(false))
		switch minio.ToErrorResponse(err).Code {
		case minio.NoSuchUpload, minio.PreconditionFailed:
			// An attempt before may have succeeded, and only its answer lost.
			if info, statErr := p.s.s3.StatObject(ctx, p.s.Bucket, p.key, minio.StatObjectOptions{}); statErr == nil &&
				info.UserMetadata[metaPut] == p.mark && info.Size == size {
				return nil
			}
		}
		return err
	})
}

// putParts stores a large file. It is read in place, nothing of it is held.
func (s *Store) putParts(ctx context.Context, key string, file *section, o PutOptions) (Object, error) {
	size := partSizeOf(file.size)
	whole, found, err := file.digests(size)
	if err != nil {
		return Object{}, err
	}
	if o.SHA256 != "" && o.SHA256 != whole {
		return Object{}, mismatched(key, o.SHA256, whole)
	}
	o.SHA256 = whole
	return s.inParts(ctx, key, o, func(p *parts) (Object, error) {
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(partsAtOnce)
		for i, part := range found {
			at := int64(i) * size
			group.Go(func() error {
				return p.send(ctx, i+1, newSection(file.SectionReader, at, min(size, file.size-at)), part)
			})
		}
		return Object{Size: file.size, SHA256: whole}, group.Wait()
	})
}

// partSizeOf keeps the number of parts within the limit, in whole MiB.
func partSizeOf(size int64) int64 {
	const mib = 1 << 20
	return max(partSize, (size/maxParts/mib+1)*mib)
}
