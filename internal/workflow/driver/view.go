package driver

import (
	"encoding/json"
	"net/url"
	"strconv"
	"sync"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/diagnose"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/internal/workflow/record"
)

// view is what is known of the objects of a run now. The mirrors, and the answers to our
// own requests, keep it up to date.
type view struct {
	run     *record.Run
	changed chan struct{} // has an element when something has changed

	mu sync.Mutex
	// attempts are by task and number. listed is set when the Jobs have been listed once.
	attempts map[workflow.Attempt]*attempt
	listed   bool
	// gone are the UIDs of Jobs that were deleted: the answer to their creation may arrive later.
	gone map[types.UID]bool
	// round counts the lists of Jobs: what is put during a list stays when it is complete.
	round int
	// stopBy is the user who stopped the run, stopAll that it was stopped again. deleted: the run was deleted.
	stopBy  string
	stopAll bool
	deleted bool
	// redeliver is the last request to deliver events again.
	redeliver string
	// approvals are the decisions about tasks of the run, by the UID of their objects;
	// those of a list that is not complete are in newApprovals.
	approvals, newApprovals map[types.UID]record.Approval
	approvalsListed         bool
	// specs are the tasks that are campaigns, and campaigns their attempts. recordsListed is
	// set when the records have been listed once; recordRound counts these lists.
	specs         map[string]*record.Campaign
	campaigns     map[workflow.Attempt]*campaign
	recordsListed bool
	recordRound   int
	// group are the phases of the other runs of the concurrency group.
	group map[types.UID]string
}

// attempt is the Job of an attempt.
type attempt struct {
	job  string
	uid  types.UID
	seen workflow.Seen
	// withdrawn: it was stopped while it was suspended.
	withdrawn bool
	ready     int32
	// saveBy is when the attempt counts as saved at the latest.
	saveBy time.Time
	// look is the Job whose pods have to be read: for the cause of its failure, or for the
	// architecture of its node. It is nil if they need not be, or have been.
	look  *batchv1.Job
	round int
}

func newView(run *record.Run, campaigns map[string]*record.Campaign) *view {
	return &view{run: run, changed: make(chan struct{}, 1), attempts: map[workflow.Attempt]*attempt{}, stopBy: run.StopBy, stopAll: run.StopAll, redeliver: run.Redeliver,
		gone: map[types.UID]bool{}, group: map[types.UID]string{}, specs: campaigns, campaigns: map[workflow.Attempt]*campaign{}, recordsListed: len(campaigns) == 0}
}

// wake has the driver look at the view.
func (v *view) wake() {
	select {
	case v.changed <- struct{}{}:
	default:
	}
}

// mirrors returns those that keep the view up to date.
func (v *view) mirrors(c *cluster, log func(string, ...any)) []*mirror {
	selector := kube.LabelWorkflow + "=" + v.run.ID
	nothing := func() {}
	all := []*mirror{
		{cluster: c, path: c.jobs(), query: url.Values{"labelSelector": {selector + "," + kube.LabelStep}}, log: log,
			begin: v.beginJobs, end: v.endJobs, put: decoded(v.putJob), gone: decoded(v.jobGone)},
		{cluster: c, path: c.core("configmaps"), query: url.Values{"labelSelector": {selector + "," + kube.LabelKind + "=" + kube.KindApproval}}, log: log,
			begin: v.beginApprovals, end: v.endApprovals, put: decoded(v.putApproval), gone: decoded(v.approvalGone)},
		{cluster: c, path: c.core("configmaps"), query: url.Values{"labelSelector": {selector + "," + kube.LabelKind + "=" + kube.KindWorkflow}}, log: log,
			accept: onlyMeta, begin: nothing, end: nothing, put: decoded(v.putRun), gone: decoded(v.runGone)},
	}
	if len(v.specs) > 0 {
		all = append(all, &mirror{cluster: c, path: c.core("configmaps"), query: url.Values{"labelSelector": {selector + "," + kube.LabelKind + "=" + kube.KindCampaign}}, log: log,
			begin: v.beginRecords, end: v.endRecords, put: decoded(func(cm *corev1.ConfigMap) {
				if err := v.putRecord(cm); err != nil {
					log("ConfigMap %s: %v", cm.Name, err)
				}
			}), gone: decoded(v.recordGone)})
	}
	return all
}

func decoded[T any](do func(*T)) func(json.RawMessage) error {
	return func(data json.RawMessage) error {
		obj := new(T)
		if err := json.Unmarshal(data, obj); err != nil {
			return err
		}
		do(obj)
		return nil
	}
}

func (v *view) putRun(obj *metav1.PartialObjectMetadata) {
	if obj.UID != v.run.UID {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	by, all := obj.Annotations[kube.AnnotationStop], obj.Annotations[kube.AnnotationStopAll] != ""
	if by != v.stopBy || all != v.stopAll {
		v.stopBy, v.stopAll = by, all
		v.wake()
	}
	if again := obj.Annotations[kube.AnnotationRedeliver]; again != v.redeliver {
		v.redeliver = again
		v.wake()
	}
	if obj.DeletionTimestamp != nil {
		v.deleted = true
		v.wake()
	}
}

func (v *view) runGone(obj *metav1.PartialObjectMetadata) {
	if obj.UID != v.run.UID {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.deleted = true
	v.wake()
}

func (v *view) beginJobs() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.round++
}

// endJobs removes what a complete list does not have.
func (v *view) endJobs() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for at, a := range v.attempts {
		if a.round < v.round {
			delete(v.attempts, at)
		}
	}
	for _, c := range v.campaigns {
		for name, job := range c.jobs {
			if job.round < v.round {
				c.remove(name)
			}
		}
	}
	v.listed = true
	v.wake()
}

// attemptOf returns which attempt a Job of the run is.
func (v *view) attemptOf(job *batchv1.Job) (workflow.Attempt, bool) {
	number, err := strconv.Atoi(job.Annotations[kube.AnnotationAttempt])
	return workflow.Attempt{Task: job.Annotations[kube.AnnotationStep], Number: number}, err == nil && v.run.IsOwned(job)
}

func (v *view) putJob(job *batchv1.Job) {
	at, ours := v.attemptOf(job)
	if !ours {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.gone[job.UID] {
		return
	}
	if c := v.campaignOf(at); c != nil {
		v.putRunJob(c, job)
		return
	}
	now := &attempt{job: job.Name, uid: job.UID, seen: seen(job), withdrawn: diagnose.Withdrawn(job), round: v.round}
	now.saveBy = saveBy(job, now.seen)
	before := v.attempts[at]
	if now.seen.Status == workflow.StatusFailed && !now.seen.TimedOut || now.seen.Status.Final() && len(archOf(job)) > 1 && !now.withdrawn {
		now.look = job
		if before != nil && before.uid == now.uid && before.look == nil && before.seen.Status == now.seen.Status {
			now.look, now.seen.Cause, now.seen.Arch = nil, before.seen.Cause, before.seen.Arch
		}
	}
	v.attempts[at] = now
	// The pods that are ready have addresses: see hosts.
	now.ready = ptr.Deref(job.Status.Ready, 0)
	if before == nil || before.uid != now.uid || before.seen != now.seen || before.withdrawn != now.withdrawn || before.ready != now.ready {
		v.wake()
	}
}

func (v *view) jobGone(job *batchv1.Job) {
	at, ours := v.attemptOf(job)
	if !ours {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.gone[job.UID] = true
	if a := v.attempts[at]; a != nil && a.uid == job.UID {
		delete(v.attempts, at)
		v.wake()
	}
	if c := v.campaigns[at]; c != nil && c.jobs[job.Name].uid == job.UID {
		c.remove(job.Name)
		v.wake()
	}
}

// refuse records that an attempt's object cannot be created.
func (v *view) refuse(at workflow.Attempt, cause string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.attempts[at] == nil {
		v.attempts[at] = &attempt{seen: workflow.Seen{Status: workflow.StatusFailed, Cause: cause, Saved: true}, round: int(^uint(0) >> 1)}
		v.wake()
	}
}
