package api

import (
	"encoding/json"

	"k8s.io/apimachinery/pkg/runtime"
)

// clone copies a status by way of its JSON form. The printers need copies
// of single objects, never of thousands, so generated code would not pay.
func clone[T any](in *T) *T {
	out := new(T)
	data, err := json.Marshal(in)
	if err == nil {
		err = json.Unmarshal(data, out)
	}
	if err != nil {
		panic("api: a status must survive JSON: " + err.Error())
	}
	return out
}

// DeepCopyObject implements runtime.Object.
func (t *TaskStatus) DeepCopyObject() runtime.Object       { return clone(t) }
func (t *TaskStatusList) DeepCopyObject() runtime.Object   { return clone(t) }
func (v *VolumeStatus) DeepCopyObject() runtime.Object     { return clone(v) }
func (v *VolumeStatusList) DeepCopyObject() runtime.Object { return clone(v) }
func (q *QueueStatus) DeepCopyObject() runtime.Object      { return clone(q) }
func (q *QueueStatusList) DeepCopyObject() runtime.Object  { return clone(q) }
func (q *QueuedTask) DeepCopyObject() runtime.Object       { return clone(q) }
func (q *QueuedTaskList) DeepCopyObject() runtime.Object   { return clone(q) }

func (c *ClusterConfig) DeepCopyObject() runtime.Object     { return clone(c) }
func (c *ClusterConfigList) DeepCopyObject() runtime.Object { return clone(c) }
func (c *ClusterResize) DeepCopyObject() runtime.Object     { return clone(c) }
func (c *ClusterCleanup) DeepCopyObject() runtime.Object    { return clone(c) }
func (c *ClusterStatus) DeepCopyObject() runtime.Object     { return clone(c) }

func (d *DoctorReport) DeepCopyObject() runtime.Object { return clone(d) }

func (r *Result) DeepCopyObject() runtime.Object          { return clone(r) }
func (r *ResultList) DeepCopyObject() runtime.Object      { return clone(r) }
func (r *DownloadReport) DeepCopyObject() runtime.Object  { return clone(r) }
func (c *Campaign) DeepCopyObject() runtime.Object        { return clone(c) }
func (c *CampaignList) DeepCopyObject() runtime.Object    { return clone(c) }
func (c *CampaignCleanup) DeepCopyObject() runtime.Object { return clone(c) }

func (u *ShareUpload) DeepCopyObject() runtime.Object     { return clone(u) }
func (l *ShareUploadList) DeepCopyObject() runtime.Object { return clone(l) }

func (r *WorkflowRun) DeepCopyObject() runtime.Object          { return clone(r) }
func (l *WorkflowRunList) DeepCopyObject() runtime.Object      { return clone(l) }
func (s *WorkflowSchedule) DeepCopyObject() runtime.Object     { return clone(s) }
func (l *WorkflowScheduleList) DeepCopyObject() runtime.Object { return clone(l) }
func (a *WorkflowApproval) DeepCopyObject() runtime.Object     { return clone(a) }
func (l *WorkflowApprovalList) DeepCopyObject() runtime.Object { return clone(l) }
func (p *WorkflowPlan) DeepCopyObject() runtime.Object         { return clone(p) }
func (l *GarbageList) DeepCopyObject() runtime.Object          { return clone(l) }
