package store_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/kubevast/vast/internal/store"
)

// zeros gives n of them, and can do nothing but that.
type zeros struct{ n int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.n == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), z.n))
	clear(p[:n])
	z.n -= int64(n)
	return n, nil
}

// What is allocated in all bounds what is held at any time. An object of 10 GiB is
// put and fetched by the bench.
func TestALargeObjectIsNeverHeldInMemory(t *testing.T) {
	const size, most = 512 << 20, 100 << 20
	s := connect(t, &server{put: func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // it is not looked at
		w.Header().Set("ETag", `"part"`)
		switch {
		case r.Method != http.MethodPost:
		case r.URL.Query().Has("uploads"):
			_, _ = io.WriteString(w, "<InitiateMultipartUploadResult><UploadId>7</UploadId></InitiateMultipartUploadResult>")
		default:
			_, _ = io.WriteString(w, "<CompleteMultipartUploadResult><Bucket>vast</Bucket></CompleteMultipartUploadResult>")
		}
	}})
	path := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, size); err != nil { // it takes no space
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for name, c := range map[string]struct {
		r    io.Reader
		size int64
	}{
		"a stream of unknown size": {&zeros{size}, -1},
		"a stream of known size":   {&zeros{size}, size},
		"a file":                   {file, size},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			o, err := s.Put(t.Context(), "large", c.r, c.size, store.PutOptions{})
			runtime.ReadMemStats(&after)
			if err != nil || o.Size != size {
				t.Errorf("%+v, %v", o, err)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > most {
				t.Errorf("%d MiB were allocated for an object of %d MiB", took>>20, size>>20)
			}
		})
	}
}
