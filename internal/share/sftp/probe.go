package sftp

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"
	"unicode"

	"golang.org/x/crypto/ssh"

	"github.com/kubevast/vast/sdk/share"
)

// abilities are what a server was found to do for the folder.
type abilities struct {
	// resume: a file can be continued. rclone's server can only write one from its
	// beginning.
	resume bool
	// sum: sha256sum can be run on the server, and sees the same files.
	sum bool
	// replace: posix-rename is offered, which replaces a file atomically.
	replace bool
}

// probing is how long the probe waits for a command; a server may leave it without an answer.
const probing = 15 * time.Second

func (p *provider) Capabilities(ctx context.Context) (share.Capabilities, error) {
	var a abilities
	err := p.with(ctx, "write a test file", func(c *conn) (err error) {
		a, err = p.abilities(c)
		return err
	})
	if err != nil {
		return share.Capabilities{}, err
	}
	all := share.Capabilities{ResumeUpload: a.resume, ResumeDownload: true, AtomicReplace: a.replace, List: true, Remove: true}
	if a.sum {
		all.Checksums = []string{"sha256"}
	}
	return all, nil
}

// abilities probes the server once.
func (p *provider) abilities(c *conn) (abilities, error) {
	p.probe.Lock()
	defer p.probe.Unlock()
	if p.found != nil {
		return *p.found, nil
	}
	if p.probeName == "" { // the same after a lost connection, so that nothing is left
		p.probeName = "probe" + share.TemporaryMark + strings.ToLower(rand.Text())
	}
	a, err := c.try(path.Join(c.dir, p.probeName))
	if err != nil {
		return a, err
	}
	p.found = &a
	return a, nil
}

// try writes a small file, continues it, and compares its checksum. Where the folder
// is read-only, neither is possible.
func (c *conn) try(file string) (a abilities, err error) {
	_, a.replace = c.sftp.HasExtension("posix-rename@openssh.com")
	content := []byte(rand.Text())
	err = c.write(file, os.O_CREATE|os.O_TRUNC, content, 0)
	if errors.Is(err, fs.ErrPermission) {
		return a, nil
	}
	defer func() {
		if removeErr := c.removeFile(file); err == nil {
			err = removeErr
		}
	}()
	if err != nil {
		return a, err
	}
	half := len(content) / 2
	err = c.write(file, 0, content[half:], int64(half))
	if err != nil && c.closed() {
		return a, err
	}
	a.resume = err == nil
	if a.resume {
		if a.resume, err = c.holds(file, content); err != nil {
			return a, err
		}
	} else if err := c.write(file, os.O_CREATE|os.O_TRUNC, content, 0); err != nil {
		return a, err
	}
	limit := time.AfterFunc(probing, c.close)
	sum, err := c.sha256(file)
	if limit.Stop() && err != nil {
		return a, err
	}
	want := sha256.Sum256(content)
	a.sum = err == nil && sum == hex.EncodeToString(want[:])
	return a, nil
}

// write writes content at offset and removes what is after it.
func (c *conn) write(file string, flags int, content []byte, offset int64) error {
	f, err := c.sftp.OpenFile(file, os.O_WRONLY|flags)
	if err != nil {
		return err
	}
	if offset > 0 {
		err = f.Truncate(offset)
	}
	if err == nil {
		_, err = f.WriteAt(content, offset)
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}

// holds reports whether a file has exactly this content.
func (c *conn) holds(file string, content []byte) (bool, error) {
	f, err := c.sftp.Open(file)
	if err != nil {
		return false, err
	}
	defer f.Close()
	got, err := io.ReadAll(io.LimitReader(f, int64(len(content))+1))
	return bytes.Equal(got, content), err
}

func (c *conn) removeFile(file string) error {
	err := c.sftp.Remove(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// addSum sets the checksum of an object if the server computes it.
func (p *provider) addSum(c *conn, object *share.Object, file string) error {
	a, err := p.abilities(c)
	if err != nil || !a.sum {
		return err
	}
	// At least 5 MiB a second, and a time for the disk to wake up.
	c.watch.allow(5*time.Minute + time.Duration(object.Size/(5<<20))*time.Second)
	defer c.watch.allow(c.stall)
	object.Checksums.SHA256, err = c.sha256(file)
	return err
}

// sha256 returns what sha256sum prints for a file, "" if it cannot be run. An error is
// one of the connection.
func (c *conn) sha256(file string) (string, error) {
	session, err := c.ssh.NewSession()
	if _, refused := errorAs[*ssh.OpenChannelError](err); refused {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer session.Close()
	var out start
	session.Stdout = &out
	if err := session.Run("sha256sum " + quote(file)); err != nil {
		if c.closed() {
			return "", fmt.Errorf("sha256sum: %w", err)
		}
		return "", nil
	}
	// A name with special characters has a backslash before the sum.
	sum, _, _ := strings.Cut(strings.TrimPrefix(string(out), `\`), " ")
	if b, err := hex.DecodeString(sum); err != nil || len(b) != sha256.Size {
		return "", nil
	}
	return strings.ToLower(sum), nil
}

// quote makes a word of a POSIX shell out of an absolute path, with backslashes:
// rclone's server reads no quotes.
func quote(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < 0x80 && !strings.ContainsRune("/._-,:@%+=", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// start is the beginning of an output.
type start []byte

func (s *start) Write(p []byte) (int, error) {
	*s = append(*s, p[:min(len(p), 4096-len(*s))]...)
	return len(p), nil
}
