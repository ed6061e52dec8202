package fetcher

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/transport"

	"github.com/kubevast/vast/sdk/orders"
)

const remoteName = "origin"

// git checks out a repository: of a branch or a tag the last commit alone, of a
// commit that commit alone where the server lets it be asked for.
func (f *Fetcher) git(ctx context.Context, item orders.Item) error {
	if err := f.clone(ctx, item); err != nil {
		return fmt.Errorf("git %s: %w", withoutPassword(item.Git), gitError(err))
	}
	return nil
}

func (f *Fetcher) clone(ctx context.Context, item orders.Item) error {
	auth, err := gitAuth(item.Git, f.Getenv)
	if err != nil {
		return err
	}
	if err := empty(item.To); err != nil {
		return err
	}
	repository, err := git.PlainInit(item.To, false)
	if err != nil {
		return err
	}
	remote, err := repository.CreateRemote(&config.RemoteConfig{Name: remoteName, URLs: []string{withoutPassword(item.Git)}})
	if err != nil {
		return err
	}
	refs, err := remote.ListContext(ctx, &git.ListOptions{Auth: auth, PeelingOption: git.IgnorePeeled})
	if err != nil {
		return err
	}
	name, err := chooseRef(refs, item.Ref)
	if err != nil {
		return err
	}
	if name == "" {
		return fetchCommit(ctx, repository, item.Ref, auth)
	}
	here := localName(name)
	err = remote.FetchContext(ctx, &git.FetchOptions{Auth: auth, Depth: 1, Tags: git.NoTags,
		RefSpecs: []config.RefSpec{config.RefSpec("+" + name.String() + ":" + here.String())}})
	if err != nil {
		return err
	}
	if !name.IsBranch() {
		return checkout(repository, here.String())
	}
	return checkoutBranch(repository, name, here)
}

// looksLikeCommit is what may be the beginning of a commit's name.
var looksLikeCommit = regexp.MustCompile(`^[0-9a-f]{7,40}$`)

// chooseRef finds the branch or the tag that is meant, the default branch
// without one. It is empty for what can only be a commit.
func chooseRef(refs []*plumbing.Reference, wanted string) (plumbing.ReferenceName, error) {
	there := map[plumbing.ReferenceName]*plumbing.Reference{}
	for _, ref := range refs {
		there[ref.Name()] = ref
	}
	if wanted == "" {
		if head := there[plumbing.HEAD]; head != nil && head.Type() == plumbing.SymbolicReference {
			return head.Target(), nil
		}
		return plumbing.HEAD, nil
	}
	for _, name := range []plumbing.ReferenceName{
		plumbing.NewBranchReferenceName(wanted), plumbing.NewTagReferenceName(wanted), plumbing.ReferenceName(wanted),
	} {
		if there[name] != nil {
			return name, nil
		}
	}
	if looksLikeCommit.MatchString(wanted) {
		return "", nil
	}
	return "", fmt.Errorf("it has no branch, tag or commit %q", wanted)
}

// localName is where a reference of the remote is kept.
func localName(name plumbing.ReferenceName) plumbing.ReferenceName {
	switch {
	case name.IsBranch():
		return plumbing.NewRemoteReferenceName(remoteName, name.Short())
	case name.IsTag():
		return name
	}
	return plumbing.NewRemoteReferenceName(remoteName, "HEAD")
}

// fetchCommit asks for the one commit, and, where the server does not give one
// by name or only its beginning is known, for everything.
func fetchCommit(ctx context.Context, repository *git.Repository, commit string, auth transport.AuthMethod) error {
	if plumbing.IsHash(commit) {
		err := repository.FetchContext(ctx, &git.FetchOptions{RemoteName: remoteName, Auth: auth, Depth: 1, Tags: git.NoTags,
			RefSpecs: []config.RefSpec{config.RefSpec(commit + ":refs/remotes/" + remoteName + "/vast")}})
		if err == nil {
			return checkout(repository, commit)
		}
	}
	err := repository.FetchContext(ctx, &git.FetchOptions{RemoteName: remoteName, Auth: auth, Tags: git.AllTags,
		RefSpecs: []config.RefSpec{"+refs/heads/*:refs/remotes/" + remoteName + "/*"}})
	if err != nil {
		return err
	}
	return checkout(repository, commit)
}

func checkout(repository *git.Repository, revision string) error {
	hash, err := repository.ResolveRevision(plumbing.Revision(revision))
	if err != nil {
		return fmt.Errorf("it has no branch, tag or commit %q", revision)
	}
	tree, err := repository.Worktree()
	if err != nil {
		return err
	}
	return tree.Checkout(&git.CheckoutOptions{Hash: *hash, Force: true})
}

func checkoutBranch(repository *git.Repository, branch, here plumbing.ReferenceName) error {
	at, err := repository.Reference(here, true)
	if err != nil {
		return err
	}
	tree, err := repository.Worktree()
	if err != nil {
		return err
	}
	return tree.Checkout(&git.CheckoutOptions{Hash: at.Hash(), Branch: branch, Create: true, Force: true})
}

// empty makes dir an empty folder, of whatever an earlier attempt has left.
func empty(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = cmp.Or(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}

// withoutPassword takes a password out of a URL: it is written into the
// repository's configuration and into messages.
func withoutPassword(repository string) string {
	u, err := url.Parse(repository)
	if err != nil || u.User == nil {
		return repository
	}
	if _, secret := u.User.Password(); secret {
		u.User = url.User(u.User.Username())
	}
	return u.String()
}

func gitError(err error) error {
	switch {
	case errors.Is(err, transport.ErrAuthenticationRequired), errors.Is(err, transport.ErrAuthorizationFailed):
		return fmt.Errorf("%w; give a token in the variable %s", err, envToken)
	case errors.Is(err, transport.ErrRepositoryNotFound):
		return fmt.Errorf("%w; if it is private, give a token in the variable %s", err, envToken)
	case errors.Is(err, transport.ErrEmptyRemoteRepository):
		return errors.New("it is empty")
	}
	return err
}
