package s3

import (
	"context"
	"iter"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/minio/minio-go/v7"

	"github.com/kubevast/vast/internal/share/transport"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// listPage is the most that S3 lists in one answer.
const listPage = 1000

// provider implements share.ShareProvider.
type provider struct {
	s3     minio.Core
	client *transport.Client
	url    string
	bucket string
	// prefix of all keys; it is empty or ends with a slash.
	prefix string
	// looked: the bucket exists, or the credentials cannot see whether it does.
	looked atomic.Bool
	// opaque: ETags are no MD5, because the server encrypts with a key of a service or of
	// the client.
	opaque atomic.Bool

	mu sync.Mutex
	// proved has the MD5 of contents by the ETag that proves it, that of an upload in parts.
	proved map[string]string
	// parts has the parts that this provider has read, by upload and number.
	parts map[string]map[int]sentPart
}

// Type implements share.ShareProvider.
func (p *provider) Type() string { return typeName }

// Close implements share.ShareProvider.
func (p *provider) Close() error {
	p.client.Close()
	return nil
}

// Capabilities implements share.ShareProvider.
func (p *provider) Capabilities(ctx context.Context) (share.Capabilities, error) {
	if err := p.look(ctx); err != nil {
		return share.Capabilities{}, err
	}
	c := share.Capabilities{ResumeUpload: true, ResumeDownload: true, AtomicReplace: true, List: true, Remove: true}
	if !p.opaque.Load() {
		c.Checksums = []string{"md5"}
	}
	return c, nil
}

// look returns an error if there is no such bucket, or if the keys are refused. An answer
// to HEAD has no body, so it does not contain the reason; a list of one object does.
func (p *provider) look(ctx context.Context) error {
	if p.looked.Load() {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var err error
	for info := range p.s3.ListObjectsIter(ctx, p.bucket, minio.ListObjectsOptions{Prefix: p.prefix, MaxKeys: 1}) {
		err = info.Err
		break
	}
	// Keys may be limited to objects.
	if err != nil && minio.ToErrorResponse(err).Code != minio.AccessDenied {
		return p.failed(ctx, "use", "", err)
	}
	p.looked.Store(true)
	return nil
}

func (p *provider) noBucket() error {
	return api.Invalid(bucketSetting, "there is no bucket %q at %q", p.bucket, p.url)
}

func (p *provider) key(name string) string { return p.prefix + name }

// check returns an error for an invalid name, an ended context or a missing bucket.
func (p *provider) check(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := share.ValidName(name); err != nil {
		return err
	}
	return p.look(ctx)
}

// Stat implements share.ShareProvider.
func (p *provider) Stat(ctx context.Context, name string) (share.Object, error) {
	if err := p.check(ctx, name); err != nil {
		return share.Object{}, err
	}
	info, err := p.s3.StatObject(ctx, p.bucket, p.key(name), minio.StatObjectOptions{})
	if err != nil {
		return share.Object{}, p.failed(ctx, "inspect", name, err)
	}
	return p.object(name, info), nil
}

// md5Tag matches an ETag that is an MD5. That of an upload in parts ends with their number.
var md5Tag = regexp.MustCompile(`^[0-9a-f]{32}$`)

func (p *provider) object(name string, info minio.ObjectInfo) share.Object {
	o := share.Object{Name: name, Size: info.Size, Modified: info.LastModified, Validator: info.ETag}
	switch {
	case p.opaque.Load():
	case md5Tag.MatchString(info.ETag):
		o.Checksums.MD5 = info.ETag
	default:
		p.mu.Lock()
		o.Checksums.MD5 = p.proved[info.ETag]
		p.mu.Unlock()
	}
	return o
}

// List implements share.ShareProvider.
func (p *provider) List(ctx context.Context) iter.Seq2[share.Object, error] {
	return func(yield func(share.Object, error) bool) {
		if err := p.look(ctx); err != nil {
			yield(share.Object{}, err)
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		// One level: what has the prefix and a slash behind it belongs to others.
		for info := range p.s3.ListObjectsIter(ctx, p.bucket, minio.ListObjectsOptions{Prefix: p.prefix, MaxKeys: listPage}) {
			if info.Err != nil {
				yield(share.Object{}, p.failed(ctx, "list", "", info.Err))
				return
			}
			name := strings.TrimPrefix(info.Key, p.prefix)
			if share.ValidName(name) != nil || share.IsTemporary(name) {
				continue // a folder, for example
			}
			info.ETag = strings.Trim(info.ETag, `"`)
			if !yield(p.object(name, info), nil) {
				return
			}
		}
	}
}

// Remove implements share.ShareProvider. S3 deletes a missing object without an error.
func (p *provider) Remove(ctx context.Context, name string) error {
	if _, err := p.Stat(ctx, name); err != nil {
		return err
	}
	if err := p.s3.RemoveObject(ctx, p.bucket, p.key(name), minio.RemoveObjectOptions{}); err != nil {
		return p.failed(ctx, "remove", name, err)
	}
	return nil
}
