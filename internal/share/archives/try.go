package archives

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// trySize is the size of the file that Try writes, in bytes.
const trySize = 4 << 10

// Try writes a small file to a share, reads it back and removes it. It returns what was found
// out; of a file that could not be removed the name.
func Try(ctx context.Context, p share.ShareProvider) []api.Check {
	t := &trial{ctx: ctx, p: p, content: make([]byte, trySize)}
	_, _ = rand.Read(t.content) // crypto/rand.Read never fails
	t.name = "kubevast-check-" + hex.EncodeToString(t.content[:6]) + ".txt"
	t.check("capabilities", func() (string, error) {
		c, err := p.Capabilities(ctx)
		return t.describe(c), err
	})
	t.check("write", t.write)
	t.check("stat", t.stat)
	t.check("list", t.list)
	t.check("read", t.read)
	t.check("remove", t.remove)
	return t.checks
}

type trial struct {
	ctx     context.Context
	p       share.ShareProvider
	name    string
	content []byte
	written bool
	failed  bool
	checks  []api.Check
}

// check makes one check. After a failure the others are skipped, except for remove.
func (t *trial) check(name string, do func() (string, error)) {
	if t.failed && (name != "remove" || !t.written) {
		t.checks = append(t.checks, api.Check{Name: name, Outcome: api.CheckSkipped, Seen: "not tried after the failure"})
		return
	}
	var seen string
	err := again(t.ctx, func() (err error) {
		seen, err = do()
		return err
	})
	var unsupported *api.NotSupportedError
	switch {
	case err == nil:
		t.checks = append(t.checks, api.Check{Name: name, Outcome: api.CheckOK, Seen: seen})
	case errors.As(err, &unsupported):
		t.checks = append(t.checks, api.Check{Name: name, Outcome: api.CheckWarning, Seen: err.Error()})
	default:
		t.failed = true
		t.checks = append(t.checks, api.Check{Name: name, Outcome: api.CheckFailed, Seen: strings.ReplaceAll(err.Error(), "\n", "; "), Remedies: api.Remedies(err)})
	}
}

func (t *trial) describe(c share.Capabilities) string {
	words := func(yes bool, name string) string {
		if yes {
			return name
		}
		return "no " + name
	}
	sums := "size only"
	if len(c.Checksums) > 0 {
		sums = strings.Join(c.Checksums, ", ")
	}
	return strings.Join([]string{words(c.ResumeUpload, "resume of uploads"), words(c.ResumeDownload, "resume of downloads"), "verified by " + sums,
		words(c.AtomicReplace, "atomic replacement"), words(c.List, "list"), words(c.Remove, "removal")}, "; ")
}

func (t *trial) write() (string, error) {
	sum, md := sha256.Sum256(t.content), md5.Sum(t.content)
	crc := crc32.Checksum(t.content, crc32.MakeTable(crc32.Castagnoli))
	sums := share.Checksums{SHA256: hex.EncodeToString(sum[:]), MD5: hex.EncodeToString(md[:]), CRC32C: fmt.Sprintf("%08x", crc)}
	t.written = true // also a part of it
	up, err := share.Upload(t.ctx, t.p, t.name, share.Source{Size: trySize, Checksums: sums,
		Open: func(_ context.Context, offset int64) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(t.content[offset:])), nil
		}}, share.TransferOptions{Patience: tries * pause})
	return fmt.Sprintf("%d bytes, compared by %s", trySize, up.Verified), err
}

func (t *trial) stat() (string, error) {
	o, err := t.p.Stat(t.ctx, t.name)
	if err == nil && o.Size >= 0 && o.Size != trySize {
		err = &api.ConflictError{Message: fmt.Sprintf("the share reports %d bytes of a file that has %d", o.Size, trySize)}
	}
	return fmt.Sprintf("%d bytes", o.Size), err
}

func (t *trial) list() (string, error) {
	n, found := 0, false
	for o, err := range t.p.List(t.ctx) {
		if err != nil {
			return "", err
		}
		n++
		found = found || o.Name == t.name
	}
	if !found {
		return "", &api.ConflictError{Message: fmt.Sprintf("the file is not among the %d that are listed", n)}
	}
	return fmt.Sprintf("%d files", n), nil
}

func (t *trial) read() (string, error) {
	w := make(memory, 0, trySize)
	if _, err := t.p.Download(t.ctx, t.name, &w, share.DownloadOptions{}); err != nil {
		return "", err
	}
	if !bytes.Equal(w, t.content) {
		return "", &api.ConflictError{Message: fmt.Sprintf("the share returns %d bytes of another content", len(w))}
	}
	return "the content is the same", nil
}

func (t *trial) remove() (string, error) {
	err := t.p.Remove(t.ctx, t.name)
	if api.IsNotFound(err) && t.failed {
		return "the file is absent", nil
	}
	if err != nil {
		return "", fmt.Errorf("%s is left on the share: %w", t.name, err)
	}
	return "the file is removed", nil
}

// memory collects a small file.
type memory []byte

func (m *memory) WriteAt(p []byte, offset int64) (int, error) {
	if end := offset + int64(len(p)); end > 2*trySize {
		return 0, errors.New("the share returns more than was written")
	} else if end > int64(len(*m)) {
		*m = append(*m, make([]byte, end-int64(len(*m)))...)
	}
	return copy((*m)[offset:], p), nil
}
