package fetcher

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/transport"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/gitremote"
	"github.com/kubevast/vast/internal/redact"
	"github.com/kubevast/vast/internal/text"
)

const remoteName = "origin"

// git checks out a repository: of a branch or a tag the last commit alone, of a
// commit that commit alone where the server lets it be asked for.
func (f *Fetcher) git(ctx context.Context, item agentspec.Item) error {
	if err := f.clone(ctx, item); err != nil {
		return fmt.Errorf("git %s: %w", redact.URL(item.Git), gitError(err))
	}
	return nil
}

func (f *Fetcher) clone(ctx context.Context, item agentspec.Item) error {
	auth, err := gitAuth(item, f.Getenv)
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
	remote, err := repository.CreateRemote(&config.RemoteConfig{Name: remoteName, URLs: []string{item.Git}})
	if err != nil {
		return err
	}
	if gitremote.IsCommit(item.Ref) {
		return f.fetchCommit(ctx, repository, strings.ToLower(item.Ref), auth)
	}
	refs, err := remote.ListContext(ctx, &git.ListOptions{Auth: auth, PeelingOption: git.IgnorePeeled, CABundle: f.roots})
	if err != nil {
		return err
	}
	name, err := chooseRef(refs, item.Ref)
	if err != nil {
		return err
	}
	if name == "" {
		return f.fetchAll(ctx, repository, item.Ref, auth)
	}
	here := localName(name)
	err = remote.FetchContext(ctx, &git.FetchOptions{Auth: auth, Depth: 1, Tags: git.NoTags, CABundle: f.roots,
		RefSpecs: []config.RefSpec{config.RefSpec("+" + name.String() + ":" + here.String())}})
	if err != nil {
		return err
	}
	if !name.IsBranch() {
		return checkoutRevision(repository, here.String())
	}
	return checkoutBranch(repository, name, here)
}

// looksLikeCommit is what may be the beginning of a commit's name.
var looksLikeCommit = regexp.MustCompile(`^[0-9a-f]{7,39}$`)

// chooseRef finds the branch or the tag that is meant, the default branch
// without one. It is empty for what can only be the beginning of a commit's name;
// the full name never gets here, whatever branches are called.
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

// fetchCommit fetches the one commit, and, where the server does not give one
// by name, for everything. What is checked out is the commit of that name and no
// branch called like it: objects have the name that their content gives them, so
// that this one is what was asked for whoever has sent it.
func (f *Fetcher) fetchCommit(ctx context.Context, repository *git.Repository, commit string, auth transport.AuthMethod) error {
	err := repository.FetchContext(ctx, &git.FetchOptions{RemoteName: remoteName, Auth: auth, Depth: 1, Tags: git.NoTags, CABundle: f.roots,
		RefSpecs: []config.RefSpec{config.RefSpec(commit + ":refs/remotes/" + remoteName + "/vast")}})
	hash := plumbing.NewHash(commit)
	if err != nil || !has(repository, hash) {
		if err := f.fetchEverything(ctx, repository, auth); err != nil {
			return err
		}
	}
	if !has(repository, hash) {
		return fmt.Errorf("it has no commit %q", commit)
	}
	return checkout(repository, hash)
}

func has(repository *git.Repository, commit plumbing.Hash) bool {
	found, err := repository.CommitObject(commit)
	return err == nil && found.Hash == commit
}

// fetchAll brings everything, to find a commit by the beginning of its name.
func (f *Fetcher) fetchAll(ctx context.Context, repository *git.Repository, commit string, auth transport.AuthMethod) error {
	if err := f.fetchEverything(ctx, repository, auth); err != nil {
		return err
	}
	return checkoutRevision(repository, commit)
}

func (f *Fetcher) fetchEverything(ctx context.Context, repository *git.Repository, auth transport.AuthMethod) error {
	return repository.FetchContext(ctx, &git.FetchOptions{RemoteName: remoteName, Auth: auth, Tags: git.AllTags, CABundle: f.roots,
		RefSpecs: []config.RefSpec{"+refs/heads/*:refs/remotes/" + remoteName + "/*"}})
}

func checkoutRevision(repository *git.Repository, revision string) error {
	hash, err := repository.ResolveRevision(plumbing.Revision(revision))
	if err != nil {
		return fmt.Errorf("it has no branch, tag or commit %q", revision)
	}
	return checkout(repository, *hash)
}

func checkout(repository *git.Repository, commit plumbing.Hash) error {
	tree, err := repository.Worktree()
	if err != nil {
		return err
	}
	return tree.Checkout(&git.CheckoutOptions{Hash: commit, Force: true})
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

// gitError turns an error into one with a fix. Some errors contain text of a
// server: it is one line without credentials, and not a long one.
func gitError(err error) error {
	hint := ""
	switch {
	case errors.Is(err, transport.ErrAuthenticationRequired), errors.Is(err, transport.ErrAuthorizationFailed):
		hint = "; give a token in the variable " + envToken
	case errors.Is(err, transport.ErrRepositoryNotFound):
		hint = "; if it is private, give a token in the variable " + envToken
	case errors.Is(err, transport.ErrEmptyRemoteRepository):
		return errors.New("it is empty")
	}
	return errors.New(text.OneLine(redact.Text(err.Error()), longest) + hint)
}

// longest limits the characters of an error.
const longest = 1000
