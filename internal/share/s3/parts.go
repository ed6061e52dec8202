package s3

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/minio/minio-go/v7"
	"golang.org/x/sync/errgroup"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// partsAtOnce is how many parts are sent at the same time. At a round trip of 50 ms, one
// would wait for answers most of the time.
const partsAtOnce = 6

// longestRun is how many parts are sent by one goroutine one after the other.
const longestRun = 8

// session is what share.State keeps of an upload in parts.
type session struct {
	Upload   string `json:"upload"`
	Key      string `json:"key"`
	PartSize int64  `json:"partSize"`
	Size     int64  `json:"size"`
	SHA256   string `json:"sha256"`
}

// inParts sends the content in parts, which are invisible until all are there.
func (u *upload) inParts(ctx context.Context) (share.Object, error) {
	u.meter.notify = u.o.Progress
	id, there, err := u.begin(ctx)
	if err != nil {
		return share.Object{}, u.p.failed(ctx, "begin the upload of", u.name, err)
	}
	made, err := u.complete(ctx, id, there)
	if err == nil {
		u.p.forget(id)
		return made, u.save(ctx, session{})
	}
	if u.o.State == nil || !mayContinue(ctx, err) {
		u.abandon(ctx, id)
	}
	return share.Object{}, err
}

// mayContinue reports whether a later attempt continues the upload.
func mayContinue(ctx context.Context, err error) bool {
	var temporary *share.TemporaryError
	return ctx.Err() != nil || errors.As(err, &temporary)
}

// abandon removes the parts of an upload. The context may have ended.
func (u *upload) abandon(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanTime)
	defer cancel()
	u.p.forget(id)
	_ = u.p.s3.AbortMultipartUpload(ctx, u.p.bucket, u.p.key(u.name), id) // the next upload does it again
	_ = u.save(ctx, session{})                                            // a session without an upload is begun anew
}

func (p *provider) forget(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.parts, id)
}

// begin returns the upload of an earlier attempt with its parts, or a new one. Other
// uploads of the name are abandoned ones, and are removed.
func (u *upload) begin(ctx context.Context) (id string, there map[int]minio.ObjectPart, err error) {
	s := u.load(ctx)
	if s.Upload != "" {
		there, err = u.list(ctx, s.Upload)
		if answer := minio.ToErrorResponse(err); answer.Code == minio.NoSuchUpload || err != nil && answer.StatusCode == http.StatusNotFound {
			s.Upload, there, err = "", nil, nil
		}
		if err != nil {
			return "", nil, err
		}
	}
	u.removeOthers(ctx, s.Upload)
	if s.Upload != "" {
		return s.Upload, there, nil
	}
	id, err = u.p.s3.NewMultipartUpload(ctx, u.p.bucket, u.p.key(u.name), minio.PutObjectOptions{})
	if err != nil {
		return "", nil, err
	}
	s = u.session()
	s.Upload = id
	if err := u.save(ctx, s); err != nil {
		u.abandon(ctx, id)
		return "", nil, err
	}
	return id, nil, nil
}

// session describes the content.
func (u *upload) session() session {
	return session{Key: u.p.bucket + "/" + u.p.key(u.name), PartSize: partSize(u.source.Size), Size: u.source.Size, SHA256: u.source.Checksums.SHA256}
}

// load returns the session of an earlier attempt with the same content, or an empty one.
func (u *upload) load(ctx context.Context) session {
	if u.o.State == nil {
		return session{}
	}
	value, err := u.o.State.Load(ctx)
	var s session
	if err != nil || json.Unmarshal([]byte(value), &s) != nil {
		return session{}
	}
	want := u.session()
	if want.Upload = s.Upload; s != want {
		return session{}
	}
	return s
}

func (u *upload) save(ctx context.Context, s session) error {
	if u.o.State == nil {
		return nil
	}
	value := ""
	if s.Upload != "" {
		text, err := json.Marshal(s)
		if err != nil {
			return fmt.Errorf("cannot encode the state of an upload: %w", err)
		}
		value = string(text)
	}
	if err := u.o.State.Save(ctx, value); err != nil {
		return &sourceError{fmt.Errorf("cannot save the state of the upload of %q: %w", u.name, err)}
	}
	return nil
}

// removeOthers aborts uploads of the name that are not continued, such as one whose
// beginning had no answer. Not every server lists them.
func (u *upload) removeOthers(ctx context.Context, keep string) {
	found, err := u.p.s3.ListMultipartUploads(ctx, u.p.bucket, u.p.key(u.name), "", "", "", listPage)
	if err != nil {
		return
	}
	for _, other := range found.Uploads {
		if other.Key == u.p.key(u.name) && other.UploadID != keep {
			_ = u.p.s3.AbortMultipartUpload(ctx, u.p.bucket, other.Key, other.UploadID) // the next upload does it again
		}
	}
}

// list returns the parts of an upload by number.
func (u *upload) list(ctx context.Context, id string) (map[int]minio.ObjectPart, error) {
	parts := map[int]minio.ObjectPart{}
	for marker := 0; ; {
		page, err := u.p.s3.ListObjectParts(ctx, u.p.bucket, u.p.key(u.name), id, marker, listPage)
		if err != nil {
			return nil, err
		}
		for _, part := range page.ObjectParts {
			part.ETag = strings.Trim(part.ETag, `"`)
			parts[part.PartNumber] = part
		}
		if !page.IsTruncated || page.NextPartNumberMarker <= marker {
			return parts, nil
		}
		marker = page.NextPartNumberMarker
	}
}

// complete sends the parts that are missing, and joins all.
func (u *upload) complete(ctx context.Context, id string, there map[int]minio.ObjectPart) (share.Object, error) {
	size := partSize(u.source.Size)
	count := int((u.source.Size + size - 1) / size)
	var (
		tags = make([]minio.CompletePart, count)
		sums = make([]string, count)
		mu   sync.Mutex
		stop error
	)
	// A part that fails does not end the others: what they send is not sent again.
	var group errgroup.Group
	group.SetLimit(partsAtOnce)
	// Each goroutine has parts that follow each other, and reads them by one request.
	run := min(max(count/(4*partsAtOnce), 1), longestRun)
	for first := 0; first < count; first += run {
		group.Go(func() error {
			in := &stream{u: u}
			defer in.close()
			for i := first; i < min(first+run, count); i++ {
				mu.Lock()
				ended := stop
				mu.Unlock()
				if ended != nil || ctx.Err() != nil {
					return ended
				}
				at := int64(i) * size
				tag, sum, err := u.part(ctx, id, in, i+1, at, min(size, u.source.Size-at), there[i+1])
				mu.Lock()
				if err != nil && stop == nil {
					stop = err
				}
				tags[i], sums[i] = minio.CompletePart{PartNumber: i + 1, ETag: tag}, sum
				mu.Unlock()
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil || ctx.Err() != nil {
		return share.Object{}, u.p.failed(ctx, "store", u.name, err)
	}
	return u.join(ctx, id, tags, sums)
}

// part sends part n unless it is there. It returns its ETag and MD5.
func (u *upload) part(ctx context.Context, id string, in *stream, n int, at, size int64, there minio.ObjectPart) (tag, sum string, err error) {
	if there.Size == size {
		known, err := u.sumOf(ctx, id, in, n, at, size)
		if err != nil {
			return "", "", err
		}
		// The size proves nothing: versitygw keeps a part whose connection was cut, with the
		// size that was announced and the ETag of what had arrived.
		if there.ETag == known.sum || known.tag != "" && there.ETag == known.tag {
			u.meter.set(n, size)
			return there.ETag, known.sum, nil
		}
	}
	r, err := in.part(ctx, at, size, n)
	if err != nil {
		return "", "", err
	}
	// The MD5 is compared below; a SHA-256 for the signature would be a second hash on both sides.
	sent, err := u.p.s3.PutObjectPart(ctx, u.p.bucket, u.p.key(u.name), id, n, r, size, minio.PutObjectPartOptions{DisableContentSha256: true})
	if err := r.or(err); err != nil {
		u.meter.set(n, 0)
		return "", "", err
	}
	sum = hex.EncodeToString(r.hash.Sum(nil))
	if !u.matches(sent.ETag, sum) {
		u.meter.set(n, 0)
		return "", "", &share.TemporaryError{Message: fmt.Sprintf("part %d of %q was damaged on its way to bucket %q", n, u.name, u.p.bucket)}
	}
	u.p.remember(id, n, sentPart{sum: sum, tag: sent.ETag})
	return sent.ETag, sum, nil
}

// sentPart is what a provider keeps of a part: its MD5, and the ETag that it got if it was sent.
type sentPart struct{ sum, tag string }

// matches reports whether the ETag of a part that was sent is its MD5, where ETags are.
func (u *upload) matches(tag, sum string) bool {
	return tag == sum || tag != "" && (u.p.opaque.Load() || !md5Tag.MatchString(tag))
}

// sumOf returns what is known of a part of the source, whose MD5 it computes if necessary.
func (u *upload) sumOf(ctx context.Context, id string, in *stream, n int, at, size int64) (sentPart, error) {
	u.p.mu.Lock()
	known := u.p.parts[id][n]
	u.p.mu.Unlock()
	if known.sum != "" {
		return known, nil
	}
	r, err := in.part(ctx, at, size, n)
	if err != nil {
		return sentPart{}, err
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		return sentPart{}, err
	}
	known.sum = hex.EncodeToString(r.hash.Sum(nil))
	u.p.remember(id, n, known)
	return known, nil
}

func (p *provider) remember(id string, n int, part sentPart) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.parts[id] == nil {
		p.parts[id] = map[int]sentPart{}
	}
	p.parts[id][n] = part
}

// join makes the object. Its ETag is the MD5 of the parts' MD5s, which proves the
// content.
func (u *upload) join(ctx context.Context, id string, tags []minio.CompletePart, sums []string) (share.Object, error) {
	whole := md5.New()
	for _, sum := range sums {
		bytes, err := hex.DecodeString(sum)
		if err != nil {
			return share.Object{}, fmt.Errorf("cannot decode an MD5: %w", err)
		}
		_, _ = whole.Write(bytes) // a hash takes everything
	}
	expected := fmt.Sprintf("%s-%d", hex.EncodeToString(whole.Sum(nil)), len(sums))
	if u.source.Checksums.MD5 != "" {
		u.p.mu.Lock()
		u.p.proved[expected] = u.source.Checksums.MD5
		u.p.mu.Unlock()
	}
	err := u.unlessThere(func(o minio.PutObjectOptions) error {
		_, err := u.p.s3.CompleteMultipartUpload(ctx, u.p.bucket, u.p.key(u.name), id, tags, o)
		return err
	})
	if err != nil {
		return share.Object{}, u.p.failed(ctx, "complete", u.name, err)
	}
	made, err := u.p.Stat(ctx, u.name)
	if api.IsNotFound(err) {
		err = &share.TemporaryError{Message: fmt.Sprintf("%q is not in bucket %q although its upload has ended", u.name, u.p.bucket), Cause: err}
	}
	return made, err
}
