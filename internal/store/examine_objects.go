package store

import (
	"bytes"
	"context"
	"errors"

	"github.com/minio/minio-go/v7"

	"github.com/kubevast/vast/sdk/api"
)

// replaced: a read finds what was put last.
func (e *examination) replaced(ctx context.Context) (*Lack, error) {
	key := e.prefix + "replaced"
	for _, content := range []string{"before", "after"} {
		if err := e.put(ctx, key, content); err != nil {
			return nil, err
		}
		got, err := e.get(ctx, key, 0)
		if err != nil {
			return nil, err
		}
		if got != content {
			return &Lack{What: "an object that was put is not found at once with what was put", Fix: anotherStore, Loses: true}, nil
		}
	}
	return nil, nil // nothing lacks
}

// ranges: an interrupted transfer continues in the middle of an object.
func (e *examination) ranges(ctx context.Context) (*Lack, error) {
	key := e.prefix + "ranges"
	if err := e.put(ctx, key, "0123456789"); err != nil {
		return nil, err
	}
	got, err := e.get(ctx, key, 4)
	if err == nil && got == "456789" {
		return nil, nil // nothing lacks
	}
	if err != nil && !isRefusal(err) {
		return nil, err
	}
	return &Lack{What: "an object cannot be read from the middle on", Fix: anotherStore, Loses: true}, nil
}

// inParts: that is how large objects are stored.
func (e *examination) inParts(ctx context.Context) (*Lack, error) {
	key, content := e.prefix+"parts", []byte("one part")
	_, err := e.s.inParts(ctx, key, PutOptions{}, func(p *parts) (Object, error) {
		size := int64(len(content))
		return Object{Size: size}, p.send(ctx, 1, newSection(bytes.NewReader(content), 0, size), digestOf(content))
	})
	if err = e.s.failedAt(ctx, "put an object in parts into", key, err); err != nil && !isRefusal(err) {
		return nil, err
	}
	got := ""
	if err == nil {
		if got, err = e.get(ctx, key, 0); err != nil {
			return nil, err
		}
	}
	if got != string(content) {
		return &Lack{What: "an object cannot be put in parts, as large ones are", Fix: anotherStore, Loses: true}, nil
	}
	return nil, nil // nothing lacks
}

// metadata: it contains an object's SHA-256.
func (e *examination) metadata(ctx context.Context) (*Lack, error) {
	key := e.prefix + "metadata"
	if err := e.put(ctx, key, "content"); err != nil {
		return nil, err
	}
	o, err := e.s.Stat(ctx, key)
	if err != nil || o.SHA256 == sumOf([]byte("content")) {
		return nil, err
	}
	return &Lack{What: "it does not keep the metadata of objects, by which what is read is checked", Fix: anotherStore}, nil
}

// announced: what breaks on the way must not be stored.
func (e *examination) announced(ctx context.Context) (*Lack, error) {
	key, said, sent := e.prefix+"announced", digestOf([]byte("announced")), []byte("delivered")
	_, err := e.s.s3.PutObject(ctx, e.s.Bucket, key, newSection(bytes.NewReader(sent), 0, int64(len(sent))), int64(len(sent)),
		said.md5, said.sha256, minio.PutObjectOptions{DisableContentSha256: true})
	if err == nil {
		return &Lack{What: "it stores content that is not as its hash says, so that what breaks on the way is noticed only when it is read", Fix: anotherStore}, nil
	}
	if err = e.s.failedAt(ctx, "put an object into", key, err); isRefusal(err) {
		return nil, nil // as it should be
	}
	return nil, err
}

// absent: If-None-Match, by which of many writers one wins.
func (e *examination) absent(ctx context.Context) (*Lack, error) {
	key := e.prefix + "absent"
	if err := e.put(ctx, key, "first"); err != nil {
		return nil, err
	}
	_, err := e.s.Put(ctx, key, bytes.NewReader([]byte("late")), 4, PutOptions{IfAbsent: true})
	if errors.As(err, new(*api.ConflictError)) {
		return nil, nil // as it should be
	}
	if err != nil && !isRefusal(err) {
		return nil, err
	}
	return &Lack{What: "it does not keep an object from being replaced where a request requires that (If-None-Match)", Fix: anotherStore}, nil
}
