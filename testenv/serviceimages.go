package testenv

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/testenv/internal/cache"
	"github.com/kubevast/vast/testenv/internal/gobuild"
	"github.com/kubevast/vast/testenv/internal/kueue"
)

// StoreImage is the S3 server that `cluster setup` installs, under the name of the
// released image.
const StoreImage = "ghcr.io/versity/versitygw:" + gobuild.VersityVersion

// AgentImage is our own image, made of this work tree: what `make build` links the
// plugins with.
const AgentImage = kube.AgentImage + ":dev"

// Link is for go build -ldflags: plugins that are built so take the images that the
// nodes have, our own and those of Kueue and the store.
const Link = "-X github.com/kubevast/vast/internal/kube.linkedAgent=" + AgentImage + " -X github.com/kubevast/vast/sdk/internal/cluster.byTag=yes"

// nobody is the user of the programs that upstream's images run as root: the tests'
// pods run as anybody but root.
const nobody = "65534:65534"

// queueProgram returns Kueue made from source; its image gets the name of the released
// one.
func (s *setup) queueProgram(ctx context.Context) (program, error) {
	file, err := s.built(ctx, gobuild.Kueue, "manager")
	return program{tags: []string{kueue.Image}, file: file, path: "/manager", user: unprivileged}, err
}

// storeProgram returns the store made from source; its image has the program where the
// released one has it.
func (s *setup) storeProgram(ctx context.Context) (program, error) {
	file, err := s.built(ctx, gobuild.VersityGW, "versitygw")
	return program{tags: []string{StoreImage}, file: file, path: "/usr/local/bin/versitygw", user: nobody}, err
}

// built returns a program of a module, compiled when it is not in the cache.
func (s *setup) built(ctx context.Context, module gobuild.Module, file string) (string, error) {
	artefact, err := module.Artefact(s.root)
	if err != nil {
		return "", err
	}
	dir, err := s.cache.Get(ctx, artefact, s.progress)
	return filepath.Join(dir, file), err
}

// agentImage returns the agent that the nodes should have, and the names of its image. It
// changes with the work tree, so it is determined each time.
func (s *setup) agentImage(ctx context.Context) (cache.Artefact, []string, error) {
	artefact, err := gobuild.Agent(ctx, s.root)
	if err != nil {
		return cache.Artefact{}, nil, fmt.Errorf("the agent: %w", err)
	}
	return artefact, []string{AgentImage}, nil
}

// wantedAgent changes when another agent belongs into the nodes.
func (s *setup) wantedAgent(ctx context.Context) (string, error) {
	artefact, tags, err := s.agentImage(ctx)
	return cache.Hash(append(tags, artefact.Hash)...), err
}

// loadAgent puts the agent into the nodes: no registry has the one of this work tree.
func (s *setup) loadAgent(ctx context.Context, c *Cluster) error {
	artefact, tags, err := s.agentImage(ctx)
	if err != nil {
		return err
	}
	dir, err := s.cache.Get(ctx, artefact, s.progress)
	if err != nil {
		return err
	}
	s.progress("loading the agent into the nodes")
	return c.loadPrograms(ctx, program{tags: tags, file: filepath.Join(dir, "agent"), path: "/agent", user: nobody})
}
