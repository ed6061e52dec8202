package sftp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// connecting is how long a connection may take, with the server's pause after a wrong
// password.
const connecting = 30 * time.Second

// dial makes a connection and looks up the folder.
func (p *provider) dial(ctx context.Context) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, max(connecting, p.stall))
	defer cancel()
	c, err := p.handshake(ctx, true)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, c.close)
	defer stop()
	if c.sftp, err = c.session(); err != nil {
		defer c.close()
		if c.closed() {
			return nil, lost(p.address, ctx, err)
		}
		return nil, &api.NotSupportedError{Message: fmt.Sprintf("the server %s does not offer SFTP to user %q", p.address, p.user)}
	}
	if err := c.enter(p.dir); err != nil {
		defer c.close()
		return nil, c.explain(fmt.Sprintf("open the folder %q", p.dir), err)
	}
	_ = c.tcp.SetDeadline(time.Time{}) // fails on a closed connection only, and so does the next use
	go c.keep()
	return c, nil
}

// enter sets the absolute path of the folder.
func (c *conn) enter(dir string) error {
	c.dir = dir
	at, err := c.sftp.RealPath(dir)
	if errors.Is(err, fs.ErrNotExist) { // of OpenSSH, if more than the last part is missing
		return api.Invalid(settingDir, "there is no folder %q on %s", dir, c.address)
	}
	if err != nil {
		return err
	}
	info, err := c.sftp.Stat(at)
	if errors.Is(err, fs.ErrNotExist) {
		return api.Invalid(settingDir, "there is no folder %q on %s", at, c.address)
	}
	if err == nil && !info.IsDir() {
		return api.Invalid(settingDir, "%q on %s is not a folder", at, c.address)
	}
	c.dir = path.Clean(at)
	return err
}

// handshake connects and logs in. The key of the host is of a known type first; if the
// server has none, any key, so that the error has its fingerprint.
func (p *provider) handshake(ctx context.Context, known bool) (*conn, error) {
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", p.address)
	if err != nil {
		if dns, ok := errorAs[*net.DNSError](err); ok && dns.IsNotFound {
			return nil, api.Invalid(settingHost, "there is no host %q", dns.Name)
		}
		return nil, lost(p.address, ctx, err)
	}
	t := &tcp{Conn: raw}
	t.heard.Store(time.Now().UnixNano())
	deadline, _ := ctx.Deadline()
	_ = t.SetDeadline(deadline)
	stop := context.AfterFunc(ctx, func() { _ = t.Close() })
	defer stop()

	var hostErr error
	verified := false
	config := &ssh.ClientConfig{User: p.user, HostKeyCallback: func(address string, remote net.Addr, key ssh.PublicKey) error {
		hostErr = p.verify(address, remote, key)
		verified = hostErr == nil
		return hostErr
	}}
	if known {
		config.HostKeyAlgorithms = p.algorithms
	}
	auth, closeAgent, err := p.methods()
	if err != nil {
		_ = t.Close()
		return nil, err
	}
	defer closeAgent()
	config.Auth = auth
	client, channels, requests, err := ssh.NewClientConn(t, p.address, config)
	if err == nil {
		return &conn{address: p.address, user: p.user, stall: p.stall, tcp: t, ssh: ssh.NewClient(client, channels, requests), ended: make(chan struct{})}, nil
	}
	_, disagree := errorAs[*ssh.AlgorithmNegotiationError](err)
	switch {
	case hostErr != nil:
		return nil, hostErr
	case disagree && known && len(p.algorithms) > 0:
		return p.handshake(ctx, false)
	case disagree:
		return nil, &api.NotSupportedError{Message: fmt.Sprintf("the server %s offers no algorithm that is supported: %v", p.address, err)}
	case ctx.Err() != nil || t.failed.Load() || !verified:
		return nil, lost(p.address, ctx, err)
	}
	return nil, p.refused()
}

// refused is the error of a login that the server does not accept.
func (p *provider) refused() error {
	with := "a key of ssh-agent"
	switch {
	case p.key != nil && p.password != "":
		with = settingKey + " and " + settingPassword
	case p.key != nil:
		with = settingKey + " (" + fingerprint(p.key.PublicKey()) + ")"
	case p.password != "":
		with = settingPassword
	}
	return &api.ForbiddenError{Message: fmt.Sprintf("the server %s does not accept user %q with %s", p.address, p.user, with)}
}

func lost(address string, ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return &share.TemporaryError{Message: fmt.Sprintf("cannot connect to %s: %v", address, err), Cause: err}
}

// methods returns the ways to log in: the key, the password, or ssh-agent's keys. Those of the
// agent are not tried beside others, since servers close the connection after a
// few keys.
func (p *provider) methods() (methods []ssh.AuthMethod, closeAgent func(), err error) {
	closeAgent = func() {}
	if p.key != nil {
		methods = append(methods, ssh.PublicKeys(p.key))
	}
	if p.password != "" {
		methods = append(methods, ssh.Password(p.password), ssh.KeyboardInteractive(func(_, _ string, questions []string, echos []bool) ([]string, error) {
			answers := make([]string, len(questions))
			for i := range answers {
				if !echos[i] {
					answers[i] = p.password
				}
			}
			return answers, nil
		}))
	}
	if len(methods) > 0 {
		return methods, closeAgent, nil
	}
	socket, err := net.Dial("unix", os.Getenv(agentSocket))
	if err != nil {
		return nil, nil, api.Invalid(settingKey, "set %s or %s: ssh-agent cannot be reached at %s", settingKey, settingPassword, agentSocket)
	}
	return []ssh.AuthMethod{ssh.PublicKeysCallback(agent.NewClient(socket).Signers)}, func() { _ = socket.Close() }, nil
}
