package store

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kubevast/vast/sdk/api"
)

// Backend keeps objects by key. *Store and *Dir do; package storetest holds both
// to the same rules. It is safe for concurrent use.
//
// A key is a relative path: parts that are neither empty nor "." nor "..", with
// one slash in between. No key may be the folder of another one ("a" and "a/b"):
// a store that keeps its objects as files cannot hold both, and says
// *api.ConflictError of the second. To store one that is no such path is
// *api.InvalidSpecError. Others may have stored them all the same: what List yields
// can be read and deleted. A key that is not there is *api.NotFoundError.
type Backend interface {
	// Stat returns what is known of an object.
	Stat(ctx context.Context, key string) (Object, error)
	// Get reads an object from the offset to its end. If the connection breaks,
	// it continues from the current byte; the content of
	// another object of that key is never mixed in. What is read from its
	// beginning is held against the object's SHA-256 where that is known: the
	// last Read is the error then. Close has to be called.
	Get(ctx context.Context, key string, offset int64) (io.ReadCloser, Object, error)
	// Put stores size bytes of r; -1 stores all that r has. It replaces what
	// is there, at once: a reader sees the old content or the new one, and an
	// error leaves the old one. More or fewer bytes than size, and another
	// SHA-256 than the one announced, are *api.ConflictError.
	//
	// A file or another r that can Seek and ReadAt is read twice and never
	// held in memory. Of any other r some 16 MiB at a time are, it may be at
	// most 150 GiB, and beyond 16 MiB its SHA-256 is known to later readers
	// only when it was announced.
	Put(ctx context.Context, key string, r io.Reader, size int64, o PutOptions) (Object, error)
	// Delete removes objects; those that are not there are none to remove.
	Delete(ctx context.Context, keys ...string) error
	// AbortUploads removes the parts of objects whose keys begin with one of
	// these and whose Put was interrupted by the end of its program: no list
	// shows them, and they use space for ever. A Put in progress fails. Without
	// the right to list them, they are left to the store.
	AbortUploads(ctx context.Context, prefixes ...string) error
	// List yields the objects whose keys begin with prefix, sorted by key (by
	// its bytes), as they come. An error is the last that it yields.
	List(ctx context.Context, prefix string, o ListOptions) iter.Seq2[Object, error]
}

// Object is what is known of an object.
type Object struct {
	Key      string
	Size     int64
	Modified time.Time
	// SHA256 is in hex; empty where it is not known, and always from List.
	SHA256 string
	// Prefix: the entry represents all objects below Key, which ends in a
	// slash.
	Prefix bool
}

// PutOptions say more about an object.
type PutOptions struct {
	// SHA256 is what the content has to have, in hex; empty: anything.
	SHA256 string
	// ContentType is sent to readers of the object; empty: plain bytes.
	ContentType string
	// IfAbsent makes it *api.ConflictError that the key is there already.
	IfAbsent bool

	// Sent, if set, is called with the number of bytes that have arrived since
	// its last call, by any goroutine.
	Sent func(int64)
}

func (o PutOptions) arrived(n int64) {
	if o.Sent != nil {
		o.Sent(n)
	}
}

// ListOptions limit a list.
type ListOptions struct {
	// StartAfter leaves out the keys up to this one.
	StartAfter string
	// Delimiter lists one level only: deeper levels are shown by one Object
	// with Prefix.
	Delimiter bool
}

// maxKey is S3's limit for a key, in bytes.
const maxKey = 1024

// checkKey refuses keys that not every store can hold, or that some would clean.
func checkKey(key string) error {
	switch {
	case len(key) > maxKey:
		return api.Invalid("", "the name %.40s... has %d bytes; the store takes at most %d", key, len(key), maxKey)
	case !utf8.ValidString(key) || strings.ContainsRune(key, 0):
		return api.Invalid("", "the name %q is not UTF-8, or has a zero byte in it; the store does not take it", key)
	}
	for part := range strings.SplitSeq(key, "/") {
		if part == "" || part == "." || part == ".." {
			return api.Invalid("", "%q is no name for an object: its parts must not be empty, \".\" or \"..\"", key)
		}
	}
	return nil
}

// maxPart is how long a part of a new key may be, in bytes. Where objects are files
// none can be longer.
const maxPart = 255

// checkParts refuses new keys that only some stores can hold. What is in such a
// store already can be read and deleted.
func checkParts(key string) error {
	for part := range strings.SplitSeq(key, "/") {
		if len(part) > maxPart {
			return api.Invalid("", "the name %.40s... has %d bytes; a store takes at most %d between two slashes", part, len(part), maxPart)
		}
	}
	return nil
}

func notFound(key string) error { return &api.NotFoundError{Kind: "object", Name: key} }

func exists(key string) error {
	return &api.ConflictError{Message: fmt.Sprintf("object %q is there already", key)}
}

// inTheWay says that one key would have to be the folder of another.
func inTheWay(key string, cause error) error {
	return &api.ConflictError{Message: fmt.Sprintf("object %q cannot be stored: a part of its name is an object already, or it is the folder of others", key), Cause: cause}
}

func miscounted(key string, said, found int64) error {
	return &api.ConflictError{Message: fmt.Sprintf("object %q was announced with %d bytes, and %d came: did its content change meanwhile?", key, said, found)}
}

func tooMany(key string, said int64) error {
	return &api.ConflictError{Message: fmt.Sprintf("object %q was announced with %d bytes, and more came: did its content change meanwhile?", key, said)}
}

func mismatched(key, said, found string) error {
	return &api.ConflictError{Message: fmt.Sprintf("object %q was announced with the SHA-256 %s, and has %s: did its content change meanwhile?", key, said, found)}
}

func corrupt(key, said, found string) error {
	return &api.UnavailableError{Message: fmt.Sprintf("object %q is damaged: its SHA-256 is %s, and was %s when it was stored", key, found, said)}
}
