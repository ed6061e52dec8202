package transport

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kubevast/vast/sdk/share"
)

// target is the file of a download: its writes do not overlap.
type target []byte

func (f target) WriteAt(p []byte, at int64) (int, error) { return copy(f[at:], p), nil }

func TestALargeFileIsReadInPieces(t *testing.T) {
	t.Parallel()
	content := make([]byte, pieced+3*pieceSize+5)
	seed := rand.New(rand.NewPCG(1, 2)) // not a secret
	for i := 0; i < len(content); i += 4096 {
		content[i] = byte(seed.Uint32())
	}
	var requests atomic.Int64
	for name, tc := range map[string]struct {
		tag    string
		offset int64
		// answer answers the n-th request in place of the server, if it returns true.
		answer   func(w http.ResponseWriter, r *http.Request, n int64) bool
		requests int64
		// again: the first attempt ends with a TemporaryError.
		again bool
	}{
		"in pieces":                     {tag: `"a"`, requests: pieced/pieceSize + 4},
		"from an offset":                {tag: `"a"`, offset: 2*pieceSize + 7, requests: pieced/pieceSize + 1},
		"in one with a weak ETag":       {tag: `W/"a"`, requests: 1},
		"in one if less than that left": {tag: `"a"`, offset: 4 * pieceSize, requests: 1},
		"again in one if the server does not send parts": {tag: `"a"`, again: true, answer: func(_ http.ResponseWriter, r *http.Request, _ int64) bool {
			r.Header.Del("Range")
			return false
		}},
		"again if it sends another part": {tag: `"a"`, again: true, answer: func(_ http.ResponseWriter, r *http.Request, n int64) bool {
			if n == 3 {
				r.Header.Set("Range", "bytes=0-9")
			}
			return false
		}},
		"again if a connection is cut": {tag: `"a"`, again: true, answer: func(w http.ResponseWriter, r *http.Request, n int64) bool {
			if n != 4 {
				return false
			}
			w.Header().Set("Content-Range", "bytes "+r.Header.Get("Range")[len("bytes="):]+"/"+strconv.Itoa(len(content)))
			w.Header().Set("Content-Length", strconv.Itoa(pieceSize))
			w.WriteHeader(http.StatusPartialContent)
			_, _ = w.Write(make([]byte, 1000)) // the rest does not come
			panic(http.ErrAbortHandler)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			requests.Store(0)
			u := serve(t, func(w http.ResponseWriter, r *http.Request) {
				n := requests.Add(1)
				if tc.answer != nil && tc.answer(w, r, n) {
					return
				}
				w.Header().Set("ETag", tc.tag)
				http.ServeContent(w, r, "a", time.Time{}, bytes.NewReader(content))
			})
			c, got, last := client(t, Options{}), make(target, len(content)), int64(0)
			copy(got, content[:tc.offset])
			o := share.DownloadOptions{Offset: tc.offset, Progress: func(written, _ int64) { last = written }}
			object, err := c.Fetch(t.Context(), u, "a", got, o, nil)
			if temporary := (*share.TemporaryError)(nil); tc.again != errors.As(err, &temporary) {
				t.Fatalf("%+v, %v", object, err)
			}
			if tc.again {
				object, err = c.Fetch(t.Context(), u, "a", got, o, nil)
			} else if requests.Load() != tc.requests {
				t.Errorf("%d requests, want %d", requests.Load(), tc.requests)
			}
			if err != nil || object.Size != int64(len(content)) || last != object.Size || !bytes.Equal(got, content) {
				t.Errorf("%+v, %d, %v", object, last, err)
			}
		})
	}
}
