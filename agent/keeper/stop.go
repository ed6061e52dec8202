package keeper

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"
)

// The sidecar's preStop hook is a process of its own. It signals the end of the
// pod to the sidecar by a connection to a socket, and receives the word done on
// it when all is saved. The mark is for a sidecar that is restarted meanwhile.
const (
	socketName = "agent.sock"
	markName   = "ending"
	doneWord   = "done"
)

// Serve accepts connections of the hook. It ends with the context.
func (k *Keeper) Serve(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(k.where.Scratch, markName)); err == nil {
		k.Terminate()
	}
	path := filepath.Join(k.where.Scratch, socketName)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err // of a sidecar before this one
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "unix", path)
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			k.Terminate()
			go func() {
				defer conn.Close()
				select {
				case <-k.done:
					_, _ = io.WriteString(conn, doneWord) // the hook may be gone
				case <-ctx.Done():
				}
			}()
		}
	}()
	return nil
}

// reachTime is how long the hook looks for a sidecar that does not answer.
const reachTime = 30 * time.Second

// Stop signals the end of the pod to the sidecar of this folder, and returns
// when all is saved.
func Stop(ctx context.Context, scratch string) error {
	if err := os.WriteFile(filepath.Join(scratch, markName), nil, 0o600); err != nil {
		return err
	}
	heard := time.Now()
	for {
		word, err := awaitDone(ctx, filepath.Join(scratch, socketName))
		switch {
		case word == doneWord:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			heard = time.Now() // it was there, and is being started anew
		case time.Since(heard) > reachTime:
			return err
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
}

func awaitDone(ctx context.Context, socket string) (string, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", socket)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	word, _ := io.ReadAll(conn) // cut short is no word
	return string(word), nil
}
