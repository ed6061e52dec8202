package keeper

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/agent/apiserver"
	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

// progressFile reads what a process appends to the progress file of a folder. It
// is safe for concurrent use: one of several runs in a pod is finished while the
// progress of all is shown.
type progressFile struct {
	dir    string
	one    sync.Mutex
	reader layout.ProgressReader
	at     int64
	seen   time.Time
	// open stays open: the inode number of a deleted file is used again, and
	// one file could not be distinguished from the other.
	open *os.File
}

// poll reads what is new. A file that has become shorter, or is another one,
// was begun anew.
func (p *progressFile) poll(now time.Time) {
	p.one.Lock()
	defer p.one.Unlock()
	root, err := openFolder(p.dir)
	if err != nil {
		return
	}
	defer root.Close()
	file, info, err := root.open(layout.ProgressFile)
	if err != nil {
		return
	}
	if p.anew(info) {
		p.reader.Restart()
		p.at = 0
	}
	if p.open != nil {
		p.open.Close()
	}
	p.open = file
	if n, _ := io.Copy(&p.reader, io.NewSectionReader(file, p.at, info.Size()-p.at)); n > 0 {
		p.at += n
		p.seen = now
	}
}

func (p *progressFile) anew(info os.FileInfo) bool {
	if p.open == nil {
		return false
	}
	was, err := p.open.Stat()
	return err != nil || !os.SameFile(was, info) || info.Size() < p.at
}

// finish is poll for the last time: the process has ended, and what has come of
// a line is all that will.
func (p *progressFile) finish(now time.Time) {
	p.poll(now)
	p.one.Lock()
	defer p.one.Unlock()
	p.reader.EndLine()
}

// latest returns the last progress of the process, nil when there is none, and
// how many lines could not be read.
func (p *progressFile) latest() (last *api.Progress, broken int) {
	p.one.Lock()
	defer p.one.Unlock()
	if last, broken = p.reader.Last(); last != nil {
		last.Time = metav1.NewTime(p.seen)
	}
	return last, broken
}

// progressEvery is how often progress is shown at most.
const progressEvery = 10 * time.Second

// shower writes the pod's progress to a Lease: an object that no controller
// watches, and that is deleted with the Job.
type shower struct {
	put      func(context.Context, *coordinationv1.Lease) error
	lease    *coordinationv1.Lease
	shown    string
	complain sync.Once
	at       time.Time
	// taken: the Lease's name is taken by an object of another owner, which is not changed.
	taken bool
}

func newShower(put func(context.Context, *coordinationv1.Lease) error, w Where, o agentspec.Keep) *shower {
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: w.Pod, Namespace: w.Namespace, Labels: map[string]string{}}}
	for key, value := range o.Labels {
		lease.Labels[key] = value
	}
	lease.Labels[kube.LabelKind] = kube.KindProgress
	owner := metav1.OwnerReference{APIVersion: "v1", Kind: "Pod", Name: w.Pod, UID: w.PodUID}
	if w.JobUID != "" && len(o.Results) > 0 {
		owner = metav1.OwnerReference{APIVersion: "batch/v1", Kind: "Job", Name: o.Results[0].Identity.Job, UID: w.JobUID}
	}
	lease.OwnerReferences = []metav1.OwnerReference{owner}
	lease.Spec.HolderIdentity = ptr.To(w.Pod)
	return &shower{put: put, lease: lease}
}

// show writes what is new, at most once in progressEvery unless it is the last
// time.
func (s *shower) show(ctx context.Context, latest *api.Progress, now time.Time, last bool) error {
	if latest == nil || s.taken {
		return nil
	}
	text, err := json.Marshal(latest)
	if err != nil || string(text) == s.shown || !last && now.Sub(s.at) < progressEvery {
		return err
	}
	s.at = now
	s.lease.Annotations = map[string]string{kube.AnnotationProgress: string(text)}
	s.lease.Spec.RenewTime = ptr.To(metav1.NewMicroTime(now))
	if err := s.put(ctx, s.lease); err != nil {
		s.taken = errors.Is(err, apiserver.ErrForeign)
		return err
	}
	s.shown = string(text)
	return nil
}

// latest returns the latest progress of all results.
func latest(results []*result) *api.Progress {
	var last *api.Progress
	for _, r := range results {
		if p, _ := r.latest(); p != nil && (last == nil || p.Time.After(last.Time.Time)) {
			last = p
		}
	}
	return last
}
