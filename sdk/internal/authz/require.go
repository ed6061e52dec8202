package authz

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"

	"github.com/kubevast/vast/sdk/api"
)

// Require returns Forbidden with all rights that the caller lacks. What was
// allowed is cached, with a cache on the connection (sdk.WithCache) also for
// the next program; a refusal is checked again each time. If the cluster has no
// such review, the right counts as granted: the requests themselves fail
// without it.
func (c *Checker) Require(ctx context.Context, wanted ...Right) error {
	unknown := slices.DeleteFunc(slices.Clone(wanted), c.known)
	if len(unknown) == 0 {
		return nil
	}
	missing, err := c.Missing(ctx, unknown)
	var unavailable *api.UnavailableError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &unavailable):
		return err
	case err != nil:
		return nil // no answer is no refusal
	}
	for _, r := range unknown {
		if !slices.Contains(missing, r) {
			c.remember(r)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	user, err := c.conn.ClusterUser(ctx)
	if err != nil {
		return err
	}
	return c.refusal(user, missing)
}

func (c *Checker) known(r Right) bool {
	if _, seen := c.seen.Load(r); seen {
		return true
	}
	return c.conn.Cache != nil && c.conn.Cache.Has(c.key(r))
}

func (c *Checker) remember(r Right) {
	c.seen.Store(r, nil)
	if c.conn.Cache != nil {
		c.conn.Cache.Add(c.key(r))
	}
}

// key is one right of one caller in one namespace of one cluster. The caller's
// identity is hashed: credentials must not get into a file's name.
func (c *Checker) key(r Right) string {
	cfg := c.conn.Config
	namespace := c.conn.Namespace
	if r.Cluster {
		namespace = ""
	}
	who := []any{cfg.Host, cfg.Username, cfg.Password, cfg.BearerToken, cfg.BearerTokenFile, cfg.CertFile, cfg.CertData,
		cfg.Impersonate, cfg.ExecProvider, cfg.AuthProvider}
	data, err := json.Marshal([]any{who, namespace, r})
	if err != nil {
		// An exec plug-in's own settings may have no JSON form; then the
		// caller has no key of his own, and a random one is never met again.
		return ""
	}
	sum := sha256.Sum256(data)
	return "right-" + hex.EncodeToString(sum[:])
}
