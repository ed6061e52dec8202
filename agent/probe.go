package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

const (
	// apiServer is a name that the DNS of every cluster resolves.
	apiServer = "kubernetes.default.svc"

	dnsTime   = 10 * time.Second
	storeTime = 30 * time.Second
)

// runProbe prints what a pod can reach as one line of JSON. That something
// cannot be reached is a finding, not a failure.
func runProbe(ctx context.Context, _ []string, out io.Writer) error {
	var (
		found agentspec.ProbeResult
		both  sync.WaitGroup
	)
	both.Go(func() { found.DNS = probeDNS(ctx, net.DefaultResolver) })
	both.Go(func() { found.Store = probeStore(ctx) })
	both.Wait()
	return json.NewEncoder(out).Encode(found)
}

// resolver is what is used of net.Resolver.
type resolver interface {
	LookupHost(ctx context.Context, host string) ([]string, error)
}

func probeDNS(ctx context.Context, r resolver) *agentspec.ProbeFinding {
	ctx, cancel := context.WithTimeout(ctx, dnsTime)
	defer cancel()
	addresses, err := r.LookupHost(ctx, apiServer)
	if err != nil {
		return failed(err)
	}
	return &agentspec.ProbeFinding{OK: true, Seen: fmt.Sprintf("%s is %s", apiServer, strings.Join(addresses, ", "))}
}

// probeStore is nil where no store is named.
func probeStore(ctx context.Context) *agentspec.ProbeFinding {
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	s, err := store.FromEnv()
	if absent := (*api.NotInstalledError)(nil); errors.As(err, &absent) {
		return nil
	}
	if err != nil {
		return failed(err)
	}
	defer s.Close()
	if err := s.Probe(ctx); err != nil {
		return failed(err)
	}
	return &agentspec.ProbeFinding{OK: true, Seen: "an object was put, read and deleted from a pod"}
}

func failed(err error) *agentspec.ProbeFinding {
	return &agentspec.ProbeFinding{Seen: strings.Join(strings.Fields(err.Error()), " ")}
}
