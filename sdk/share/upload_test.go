package share_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

const name = "c.tar.gz"

var errCut = &share.TemporaryError{Message: "the connection was cut"}

func quick() share.TransferOptions {
	return share.TransferOptions{Pause: time.Millisecond, Patience: time.Minute}
}

func TestAnExistingArchiveIsNotSentWithoutOverwrite(t *testing.T) {
	f := newFake()
	f.set(name, "old")
	if _, err := share.Upload(t.Context(), f, name, source("new"), quick()); !api.IsConflict(err) {
		t.Errorf("%T %v", err, err)
	}
	if f.uploads != 0 {
		t.Errorf("%d attempts", f.uploads)
	}
	f.mustBe(t, name, "old")
}

func TestAnInvalidNameIsRefusedBeforeAnythingIsSent(t *testing.T) {
	f := newFake()
	for _, bad := range []string{"", ".x", "a/b", "a\nb", strings.Repeat("x", 300)} {
		if _, err := share.Upload(t.Context(), f, bad, source("new"), quick()); !api.IsInvalidSpec(err) {
			t.Errorf("%q: %T %v", bad, err, err)
		}
		if _, err := share.Download(t.Context(), f, bad, t.TempDir()+"/x", share.FileOptions{}); !api.IsInvalidSpec(err) {
			t.Errorf("%q: %T %v", bad, err, err)
		}
	}
	if f.stats+f.uploads+f.fetches != 0 {
		t.Error("the share was asked")
	}
}

func TestATemporaryErrorIsRepeatedAfterThePauseThatTheServerAsksFor(t *testing.T) {
	f := newFake()
	f.upload = func(attempt int, store func() (share.Object, error)) (share.Object, error) {
		if attempt < 4 {
			return share.Object{}, &share.TemporaryError{Message: "too many requests", RetryAfter: time.Duration(attempt) * 3 * time.Millisecond}
		}
		return store()
	}
	var pauses []time.Duration
	o := quick()
	o.Retry = func(_ error, pause time.Duration) { pauses = append(pauses, pause) }
	made, err := share.Upload(t.Context(), f, name, source("new"), o)
	if err != nil || made.Verified != "sha256" || made.Size != 3 {
		t.Errorf("%+v, %v", made, err)
	}
	if len(pauses) != 3 || pauses[0] < 3*time.Millisecond || pauses[2] < 9*time.Millisecond {
		t.Errorf("the pauses are %s", pauses)
	}
}

func TestAPermanentErrorIsNotRepeated(t *testing.T) {
	f := newFake()
	f.upload = func(int, func() (share.Object, error)) (share.Object, error) {
		return share.Object{}, &api.ForbiddenError{Message: "no"}
	}
	if _, err := share.Upload(t.Context(), f, name, source("new"), quick()); !api.IsForbidden(err) || f.uploads != 1 {
		t.Errorf("%d attempts, %T %v", f.uploads, err, err)
	}
}

func TestPatienceCountsFromTheLastNewByte(t *testing.T) {
	f := newFake()
	f.upload = func(int, func() (share.Object, error)) (share.Object, error) { return share.Object{}, errCut }
	o := quick()
	o.Patience = 20 * time.Millisecond
	_, err := share.Upload(t.Context(), f, name, source("new"), o)
	if !api.IsUnavailable(err) || !errors.Is(err, errCut) || f.uploads < 2 {
		t.Errorf("%d attempts, %T %v", f.uploads, err, err)
	}
	if strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), errCut.Message) {
		t.Errorf("the error is %q", err)
	}
}

func TestAContextThatEndsEndsThePause(t *testing.T) {
	f := newFake()
	ctx, cancel := context.WithCancel(t.Context())
	f.upload = func(int, func() (share.Object, error)) (share.Object, error) {
		return share.Object{}, &share.TemporaryError{Message: "wait", RetryAfter: time.Hour}
	}
	o := share.TransferOptions{Patience: 24 * time.Hour, Retry: func(error, time.Duration) { cancel() }}
	if _, err := share.Upload(ctx, f, name, source("new"), o); !errors.Is(err, context.Canceled) {
		t.Errorf("%T %v", err, err)
	}
}

func TestAnUploadWhoseAnswerWasLostIsNotSentAgain(t *testing.T) {
	for what, c := range map[string]struct {
		old              string
		sums, validators bool
		uploads          int
	}{
		"a new name":                                      {sums: true, uploads: 1},
		"a new name, by its size":                         {uploads: 1},
		"an old one, by its validator":                    {old: "old", validators: true, uploads: 1},
		"an old one of another size":                      {old: "older", uploads: 1},
		"an old one of the same size, nothing to compare": {old: "old", uploads: 2},
	} {
		t.Run(what, func(t *testing.T) {
			f := newFake()
			f.sums, f.validators = c.sums, c.validators
			o := quick()
			if c.old != "" {
				f.set(name, c.old)
				o.Overwrite = true
			}
			f.upload = func(attempt int, store func() (share.Object, error)) (share.Object, error) {
				made, err := store()
				if attempt == 1 {
					return share.Object{}, errCut
				}
				return made, err
			}
			if _, err := share.Upload(t.Context(), f, name, source("new"), o); err != nil {
				t.Error(err)
			}
			if f.uploads != c.uploads {
				t.Errorf("%d attempts, not %d", f.uploads, c.uploads)
			}
			f.mustBe(t, name, "new")
		})
	}
}

func TestANameThatOurOwnLostUploadHasTakenIsNoConflict(t *testing.T) {
	f := newFake()
	f.stat = func(n int) error {
		if n == 2 { // the look after the lost answer
			return errCut
		}
		return nil
	}
	f.upload = func(attempt int, store func() (share.Object, error)) (share.Object, error) {
		made, err := store()
		if attempt == 1 {
			return share.Object{}, errCut
		}
		return made, err
	}
	made, err := share.Upload(t.Context(), f, name, source("new"), quick())
	if err != nil || made.Verified != "sha256" || f.uploads != 2 {
		t.Errorf("%+v after %d attempts, %v", made, f.uploads, err)
	}
}

func TestANameThatWasTakenMeanwhileIsAConflict(t *testing.T) {
	f := newFake()
	f.upload = func(attempt int, store func() (share.Object, error)) (share.Object, error) {
		if attempt == 1 {
			f.set(name, "not ours")
			return share.Object{}, errCut
		}
		return store()
	}
	if _, err := share.Upload(t.Context(), f, name, source("new"), quick()); !api.IsConflict(err) {
		t.Errorf("%T %v", err, err)
	}
	f.mustBe(t, name, "not ours")
}

func TestADamagedArchiveIsRemoved(t *testing.T) {
	for what, wrong := range map[string]share.Object{
		"by its size":     {Size: 2},
		"by its checksum": {Size: 3, Checksums: share.Checksums{SHA256: sum("other")}},
	} {
		t.Run(what, func(t *testing.T) {
			f := newFake()
			f.upload = func(_ int, store func() (share.Object, error)) (share.Object, error) {
				_, err := store()
				return wrong, err
			}
			_, err := share.Upload(t.Context(), f, name, source("new"), quick())
			if !api.IsUnavailable(err) || len(f.removed) != 1 {
				t.Errorf("removed %q, %T %v", f.removed, err, err)
			}
		})
	}
}

func TestAnOldArchiveIsNeverRemoved(t *testing.T) {
	f := newFake()
	f.set(name, "old")
	f.upload = func(int, func() (share.Object, error)) (share.Object, error) {
		return f.object(name), nil // it claims success and has done nothing
	}
	o := quick()
	o.Overwrite = true
	if _, err := share.Upload(t.Context(), f, name, source("new"), o); !api.IsUnavailable(err) {
		t.Errorf("%T %v", err, err)
	}
	f.mustBe(t, name, "old")
}

func TestWhatWasVerifiedIsReported(t *testing.T) {
	for want, made := range map[string]share.Object{
		"sha256":    {Size: 3, Checksums: share.Checksums{SHA256: sum("new"), MD5: "1"}},
		"md5":       {Size: 3, Checksums: share.Checksums{MD5: "1", CRC32C: "2"}},
		"crc32c":    {Size: 3, Checksums: share.Checksums{CRC32C: "2"}},
		"size only": {Size: 3},
	} {
		f := newFake()
		f.sums = false
		f.upload = func(_ int, store func() (share.Object, error)) (share.Object, error) {
			_, err := store()
			return made, err
		}
		s := source("new")
		s.Checksums.MD5, s.Checksums.CRC32C = "1", "2"
		got, err := share.Upload(t.Context(), f, name, s, quick())
		if err != nil || got.Verified != want || got.Name != name {
			t.Errorf("%s: %+v, %v", want, got, err)
		}
	}
}

func TestTheStateIsRemovedAfterAnUpload(t *testing.T) {
	state := &kept{text: "session"}
	o := quick()
	o.State = state
	if _, err := share.Upload(t.Context(), newFake(), name, source("new"), o); err != nil || state.text != "" {
		t.Errorf("the state is %q, %v", state.text, err)
	}
}

type kept struct{ text string }

func (k *kept) Load(context.Context) (string, error) { return k.text, nil }
func (k *kept) Save(_ context.Context, text string) error {
	k.text = text
	return nil
}
