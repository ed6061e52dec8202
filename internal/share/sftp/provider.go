package sftp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path"
	"strconv"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// provider is a folder of a server. Each operation has a connection of its own; idle
// ones are used again.
type provider struct {
	address, user, dir, password string
	key                          ssh.Signer
	verify                       ssh.HostKeyCallback
	algorithms                   []string
	stall                        time.Duration

	mu     sync.Mutex
	idle   []*conn
	closed bool

	probe     sync.Mutex
	probeName string
	found     *abilities
}

func open(settings share.Settings) (share.ShareProvider, error) {
	key, problem := parseKey(settings)
	if problem != nil {
		return nil, &api.InvalidSpecError{Problems: []api.Problem{*problem}}
	}
	text, err := knownHosts(settings)
	if err != nil {
		return nil, err
	}
	db, err := text.open()
	if err != nil {
		return nil, err
	}
	at := address(settings)
	stall, err := time.ParseDuration(settings[settingTimeout])
	if err != nil { // it is not set: see checkTimeout
		stall = defaultTimeout
	}
	return &provider{stall: stall, address: at, user: settings[settingUser], dir: folder(settings), password: settings[settingPassword],
		key: key, verify: verify(db), algorithms: db.HostKeyAlgorithms(at)}, nil
}

func (*provider) Type() string { return "sftp" }

// with calls do with a connection. The connection is closed if it was canceled or has
// failed. what is as in conn.explain.
func (p *provider) with(ctx context.Context, what string, do func(c *conn) error) error {
	c, err := p.take(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	c.watch = newWatch(ctx, c)
	// The class of an error may need one more request, which is watched, too.
	err = c.explain(what, do(c))
	cause := c.watch.done()
	p.give(c)
	switch {
	case err == nil:
		return nil
	case errors.Is(cause, errStalled):
		return &share.TemporaryError{Message: fmt.Sprintf("cannot %s: the server %s did not respond for %s", what, p.address, c.watch.limit), Cause: err}
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return err
}

func (p *provider) take(ctx context.Context) (*conn, error) {
	p.mu.Lock()
	for len(p.idle) > 0 {
		c := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		if !c.closed() {
			p.mu.Unlock()
			return c, nil
		}
		c.close()
	}
	p.mu.Unlock()
	return p.dial(ctx)
}

func (p *provider) give(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || c.closed() {
		c.close()
		return
	}
	p.idle = append(p.idle, c)
}

func (p *provider) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, c := range p.idle {
		c.close()
	}
	p.idle = nil
	return nil
}

// object returns what the server reports about a name, without checksums.
func (c *conn) object(name string) (share.Object, error) {
	info, err := c.sftp.Stat(path.Join(c.dir, name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return share.Object{}, &api.NotFoundError{Kind: "archive", Name: name, Hint: fmt.Sprintf("it is not in %q on %s", c.dir, c.address)}
	case err != nil:
		return share.Object{}, err
	case !info.Mode().IsRegular():
		return share.Object{}, &api.ConflictError{Message: fmt.Sprintf("%q in %q on %s is not a file", name, c.dir, c.address)}
	}
	return describe(name, info), nil
}

func describe(name string, info os.FileInfo) share.Object {
	return share.Object{Name: name, Size: info.Size(), Modified: info.ModTime(),
		Validator: strconv.FormatInt(info.ModTime().Unix(), 10) + "-" + strconv.FormatInt(info.Size(), 10)}
}

func (p *provider) Stat(ctx context.Context, name string) (object share.Object, err error) {
	if err := share.ValidName(name); err != nil {
		return share.Object{}, err
	}
	err = p.with(ctx, fmt.Sprintf("inspect %q", name), func(c *conn) error {
		if object, err = c.object(name); err != nil {
			return err
		}
		return p.addSum(c, &object, path.Join(c.dir, name))
	})
	return object, err
}

// List reads the whole folder first: the protocol's pages are a server's choice, and
// its end is found only by the last.
func (p *provider) List(ctx context.Context) iter.Seq2[share.Object, error] {
	return func(yield func(share.Object, error) bool) {
		var infos []os.FileInfo
		err := p.with(ctx, "list the folder", func(c *conn) (err error) {
			if infos, err = c.sftp.ReadDirContext(ctx, c.dir); err != nil {
				return err
			}
			// The library takes a connection that is closed for the end of the list.
			if _, err = c.sftp.Stat(c.dir); err != nil {
				return err
			}
			for i, info := range infos {
				if info.Mode()&fs.ModeSymlink == 0 {
					continue
				}
				target, err := c.sftp.Stat(path.Join(c.dir, info.Name()))
				c.watch.progress()
				switch {
				case err == nil:
					infos[i] = named{target, info.Name()}
				case !errors.Is(err, fs.ErrNotExist):
					return err
				}
			}
			return nil
		})
		if err != nil {
			yield(share.Object{}, err)
			return
		}
		for _, info := range infos {
			name := info.Name()
			if !info.Mode().IsRegular() || share.IsTemporary(name) || share.ValidName(name) != nil {
				continue
			}
			if !yield(describe(name, info), nil) {
				return
			}
		}
	}
}

// named is the target of a link under the link's name.
type named struct {
	os.FileInfo
	name string
}

func (n named) Name() string { return n.name }

func (p *provider) Remove(ctx context.Context, name string) error {
	if err := share.ValidName(name); err != nil {
		return err
	}
	return p.with(ctx, fmt.Sprintf("remove %q", name), func(c *conn) error {
		if _, err := c.object(name); err != nil {
			return err
		}
		return c.sftp.Remove(path.Join(c.dir, name))
	})
}
