package share

import (
	"context"
	"fmt"

	"github.com/kubevast/vast/sdk/api"
)

// Upload stores a source on a share, and verifies its size and the checksums that both sides
// have. It repeats the provider's Upload after TemporaryErrors, and continues where the
// provider can. An upload whose last answer was lost is recognized and not sent
// again.
//
// It returns an api.ConflictError, before content is sent, if name is there and
// o.Overwrite is not set, or is a folder; an api.UnavailableError if no more bytes arrive for
// o.Patience, or if what is stored differs from the source: it is removed then.
func Upload(ctx context.Context, p ShareProvider, name string, source Source, o TransferOptions) (Uploaded, error) {
	if err := ValidName(name); err != nil {
		return Uploaded{}, err
	}
	u := &upload{p: p, name: name, source: source, o: o, retries: newRetries(o.Patience, o.Pause, o.Retry)}
	return u.run(ctx)
}

type upload struct {
	p      ShareProvider
	name   string
	source Source
	o      TransferOptions
	*retries
	// before is what the name was before the first attempt; nil if it was absent.
	before *Object
}

func (u *upload) what() string { return fmt.Sprintf("cannot upload %q", u.name) }

func (u *upload) run(ctx context.Context) (Uploaded, error) {
	if err := u.look(ctx); err != nil {
		return Uploaded{}, err
	}
	options := u.o.UploadOptions
	options.Progress = func(sent int64) {
		u.arrived(sent)
		if u.o.Progress != nil {
			u.o.Progress(sent)
		}
	}
	for attempted := false; ; attempted = true {
		made, err := u.p.Upload(ctx, u.name, u.source, options)
		if err == nil {
			return u.finish(ctx, made)
		}
		// The name that is in the way may be that of an attempt whose answer was lost.
		if attempted && api.IsConflict(err) || isTemporary(err) {
			if done, found := u.arrivedWhole(ctx); done {
				return u.finish(ctx, found)
			}
		}
		if err := u.wait(ctx, u.what(), err); err != nil {
			return Uploaded{}, err
		}
	}
}

// look records what the name is.
func (u *upload) look(ctx context.Context) error {
	var found Object
	err := u.call(ctx, u.what(), func() (err error) {
		found, err = u.p.Stat(ctx, u.name)
		return err
	})
	switch {
	case api.IsNotFound(err):
		return nil
	case err != nil:
		return err
	case !u.o.Overwrite:
		return &api.ConflictError{Message: fmt.Sprintf("%q is on the share already", u.name)}
	}
	u.before = &found
	return nil
}

// arrivedWhole reports whether the share has the source although an attempt has failed.
// Without a checksum, a size that was there before proves nothing.
func (u *upload) arrivedWhole(ctx context.Context) (bool, Object) {
	found, err := u.p.Stat(ctx, u.name)
	if err != nil {
		return false, Object{}
	}
	kind, err := verify(found, u.source.Size, u.source.Checksums)
	if err != nil || kind == nothing {
		return false, Object{}
	}
	if u.before == nil {
		return true, found
	}
	return changed(*u.before, found), found
}

// finish verifies what the share has.
func (u *upload) finish(ctx context.Context, made Object) (Uploaded, error) {
	kind, err := verify(made, u.source.Size, u.source.Checksums)
	if err == nil && (kind == nothing || !byChecksum(kind)) {
		// Upload reports what it has at hand; Stat may report more.
		var found Object
		if statErr := u.call(ctx, u.what(), func() (err error) {
			found, err = u.p.Stat(ctx, u.name)
			return err
		}); statErr != nil {
			return Uploaded{}, fmt.Errorf("cannot verify %q on the share: %w", u.name, statErr)
		}
		if kind, err = verify(found, u.source.Size, u.source.Checksums); err == nil {
			made = made.merged(found)
			kind, err = verify(made, u.source.Size, u.source.Checksums)
		}
	}
	if err != nil {
		return Uploaded{}, u.withdraw(ctx, err)
	}
	if u.o.State != nil {
		if err := u.o.State.Save(ctx, ""); err != nil {
			return Uploaded{}, fmt.Errorf("cannot record that %q is uploaded: %w", u.name, err)
		}
	}
	made.Name = u.name
	return Uploaded{Object: made, Verified: kind}, nil
}

// withdraw removes an archive that proved wrong, unless it is the one of before.
func (u *upload) withdraw(ctx context.Context, wrong error) error {
	message := fmt.Sprintf("%q is damaged: %v", u.name, wrong)
	if u.before != nil {
		if now, err := u.p.Stat(ctx, u.name); err != nil || !changed(*u.before, now) {
			return &api.UnavailableError{Message: message, Cause: wrong}
		}
	}
	if u.o.State != nil {
		_ = u.o.State.Save(ctx, "") // the next upload must not continue this one
	}
	err := u.call(ctx, u.what(), func() error { return u.p.Remove(ctx, u.name) })
	if err != nil && !api.IsNotFound(err) {
		return &api.UnavailableError{Message: fmt.Sprintf("%s; it cannot be removed, either: %v", message, err), Cause: wrong}
	}
	return &api.UnavailableError{Message: message + "; it was removed; upload it again", Cause: wrong}
}
