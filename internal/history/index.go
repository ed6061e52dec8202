package history

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
)

// list is the content of an object head/list-<number>.
type list struct {
	Version int `json:"version"`
	// ID is random: two lists of equal parts differ.
	ID    string `json:"id"`
	Parts []part `json:"parts"`
	// Dropped are the parts that the list before had and this one has not. The next
	// compaction removes them: readers of the list before may still read them.
	Dropped []string `json:"dropped,omitempty"`

	// number is that in the key; 0 for the empty list that nothing has written.
	number int64
}

// part describes a part of the index. Its entries are sorted by position.
type part struct {
	// Key is below partsDir, and SHA256 that of the content, in hex.
	Key    string `json:"key"`
	SHA256 string `json:"sha256"`
	Count  int    `json:"n"`
	// First and Last are positions.
	First string `json:"first"`
	Last  string `json:"last"`
	// Users, Workflows and Ends are which ones the entries have, to omit a part that has
	// none of those wanted; nil if there are more than maxNamed. An end is a phase, a slash
	// and a result.
	Users     []string `json:"users,omitempty"`
	Workflows []string `json:"workflows,omitempty"`
	Ends      []string `json:"ends,omitempty"`
}

// maxNamed limits how many users or workflows the description of a part names.
const maxNamed = 16

// head is what the folder head/ lists. The deltas are listed before the lists: a delta that
// is missing because of a compaction is in the list that is found after it.
type head struct {
	// deltas are positions, sorted. gone are the positions of runs that were deleted.
	deltas []string
	gone   map[string]bool
	// lists are the numbers of all lists, sorted.
	lists []int64
}

func (h *head) size() int { return len(h.deltas) + len(h.gone) }

func (h *head) newest() int64 {
	if len(h.lists) == 0 {
		return 0
	}
	return h.lists[len(h.lists)-1]
}

// digits is the length of the number of a list.
const digits = 12

func listKey(number int64) string {
	return fmt.Sprintf("%s%s%0*d", headDir, listPrefix, digits, number)
}

func (l *Log) head(ctx context.Context) (*head, error) {
	h := &head{gone: map[string]bool{}}
	for o, err := range l.store.List(ctx, l.prefix+headDir, store.ListOptions{}) {
		if err != nil {
			return nil, err
		}
		name := strings.TrimPrefix(o.Key, l.prefix+headDir)
		if at, is := strings.CutPrefix(name, deltaPrefix); is {
			at, gone := strings.CutSuffix(at, goneSuffix)
			switch {
			case !isPosition(at): // a foreign object
			case gone:
				h.gone[at] = true
			default:
				h.deltas = append(h.deltas, at)
			}
		} else if text, is := strings.CutPrefix(name, listPrefix); is && len(text) == digits {
			if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 {
				h.lists = append(h.lists, n)
			}
		}
	}
	return h, nil
}

// errMoved means that another program has compacted the index meanwhile.
var errMoved = errors.New("the index of runs was changed")

// tries is how often a reader or a compaction begins again.
const tries = 20

// settled repeats do while the index changes.
func settled(ctx context.Context, do func() error) error {
	for range tries {
		if err := do(); !errors.Is(err, errMoved) {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return &api.ConflictError{Message: "the index of runs in the store is being changed by others all the time; try again later"}
}

func isMissing(err error) bool { return errors.As(err, new(*api.NotFoundError)) }

// DamagedError is returned for an index that cannot be read. Rebuild makes it again.
type DamagedError struct{ Cause error }

func (e *DamagedError) Error() string {
	return fmt.Sprintf("the index of runs in the store is damaged: %v", e.Cause)
}

func (e *DamagedError) Unwrap() error { return e.Cause }

func damaged(format string, args ...any) error { return &DamagedError{fmt.Errorf(format, args...)} }

// current reads the newest list. errMoved means that there is a newer one by now.
func (l *Log) current(ctx context.Context, h *head) (*list, error) {
	number := h.newest()
	if number == 0 {
		for _, err := range l.store.List(ctx, l.prefix+partsDir, store.ListOptions{}) {
			if err == nil { // the first list is written before the first part
				err = l.moved(ctx, number, errors.New("it has parts, but no list of them"))
			}
			return nil, err
		}
		return &list{}, nil
	}
	data, err := l.get(ctx, listKey(number), maxPacked)
	if isMissing(err) {
		return nil, l.moved(ctx, number, fmt.Errorf("list %d is missing", number))
	}
	if err != nil {
		return nil, err
	}
	out := &list{}
	if err := record.Unpack(data, maxPacked, out); err != nil {
		return nil, damaged("list %d: %w", number, err)
	}
	if out.Version > Version {
		return nil, &api.NotSupportedError{Message: fmt.Sprintf("the index of runs has version %d; this program reads versions up to %d", out.Version, Version)}
	}
	out.number = number
	return out, nil
}

// moved returns errMoved if the newest list has another number than this one, and otherwise
// a DamagedError.
func (l *Log) moved(ctx context.Context, number int64, why error) error {
	h, err := l.head(ctx)
	switch {
	case err != nil:
		return err
	case h.newest() != number:
		return errMoved
	}
	return &DamagedError{why}
}

// entries reads a part of a list.
func (l *Log) entries(ctx context.Context, from *list, p *part) ([]Entry, error) {
	data, err := l.get(ctx, partsDir+p.Key, maxPacked)
	if isMissing(err) {
		return nil, l.moved(ctx, from.number, fmt.Errorf("part %s is missing", p.Key))
	}
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != p.SHA256 {
		return nil, damaged("part %s has another content than it was written with", p.Key)
	}
	out := make([]Entry, 0, p.Count)
	if err := record.Unpack(data, maxPacked, &out); err != nil {
		return nil, damaged("part %s: %w", p.Key, err)
	}
	return out, nil
}

// write writes entries, which are sorted, as a part.
func (l *Log) write(ctx context.Context, entries []Entry) (part, error) {
	data, err := record.Pack(entries)
	if err != nil {
		return part{}, err
	}
	sum := sha256.Sum256(data)
	p := part{Key: kube.NewID() + kube.NewID(), SHA256: hex.EncodeToString(sum[:]), Count: len(entries),
		First: entries[0].position(), Last: entries[len(entries)-1].position()}
	p.Users = named(entries, func(e *Entry) string { return e.User })
	p.Workflows = named(entries, func(e *Entry) string { return e.Workflow })
	p.Ends = named(entries, func(e *Entry) string { return e.Phase + "/" + e.Result })
	return p, l.put(ctx, partsDir+p.Key, data, store.PutOptions{})
}

// named returns the different values of entries, sorted; nil if there are too many.
func named(entries []Entry, of func(*Entry) string) []string {
	seen := map[string]bool{}
	var out []string
	for i := range entries {
		if v := of(&entries[i]); !seen[v] {
			if len(out) == maxNamed {
				return nil
			}
			seen[v], out = true, append(out, v)
		}
	}
	slices.Sort(out)
	return out
}

// atOnce is how many objects are read at a time.
const atOnce = 32

// deltas reads the entries of deltas. If one is gone by now the error is errMoved.
func (l *Log) deltas(ctx context.Context, positions []string) ([]Entry, error) {
	out := make([]Entry, len(positions))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i, at := range positions {
		g.Go(func() error {
			data, err := l.get(ctx, deltaKey(at), maxRecord)
			if isMissing(err) {
				return errMoved
			}
			if err != nil {
				return err
			}
			return decodeDelta(data, at, &out[i])
		})
	}
	return out, g.Wait()
}

func decodeDelta(data []byte, at string, out *Entry) error {
	if err := json.Unmarshal(data, out); err != nil {
		return damaged("the entry %s: %w", at, err)
	}
	if out.position() != at {
		return damaged("the entry %s is of another run", at)
	}
	return nil
}
