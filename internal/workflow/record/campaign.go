package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
)

// Campaign is a task that is a campaign: an attempt at it is the ConfigMap with the record of
// the campaign, which is among the Objects of the task, and the Jobs of its runs.
type Campaign struct {
	// ID is that of the first attempt; see Attempt.
	ID string `json:"id"`
	// Runs is the number of runs, Jobs that of their Jobs.
	Runs int `json:"runs"`
	Jobs int `json:"jobs"`
	// Timeout limits an attempt from the start of its first Job, in seconds; 0 for none.
	Timeout int64 `json:"timeout,omitempty"`
	// Chunks are where the Jobs are. First is the index of the first one.
	Chunks []Chunk `json:"chunks"`
}

// Attempt returns the id of the campaign that is an attempt at the task. number is from 1.
func (c *Campaign) Attempt(number int) string {
	if number < 2 {
		return c.ID
	}
	return fmt.Sprintf("%s%02d", c.ID, number-1)
}

// jobsWindow is the window of the compression of Jobs, in bytes.
const jobsWindow = 1 << 20

// AddCampaign adds the next task, which is a campaign. o has its record, and jobs are those of
// its runs for the first attempt, of which one chunk is in memory at a time. It sets Jobs and
// Chunks of c, which belongs into Spec.Campaigns.
func (w *Writer) AddCampaign(o *Objects, c *Campaign, jobs iter.Seq2[*batchv1.Job, error]) error {
	if err := w.Add(o); err != nil {
		return err
	}
	// The Jobs are alike, and one has about as much text as the window of gzip.
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(jobsWindow))
	if err != nil {
		return err
	}
	defer z.Close()
	var pending []json.RawMessage
	size, n := 0, 0
	flush := func() error {
		if len(pending) == 0 {
			return nil
		}
		text, err := json.Marshal(pending)
		if err != nil {
			return err
		}
		packed := z.EncodeAll(text, nil)
		c.Chunks = append(c.Chunks, Chunk{First: n - len(pending), Offset: w.stream.Len(), Size: len(packed)})
		w.stream.Write(packed)
		pending, size = pending[:0], 0
		return nil
	}
	c.Chunks = nil
	for job, err := range jobs {
		if err != nil {
			return err
		}
		data, err := json.Marshal(job)
		if err != nil {
			return err
		}
		if pending, size, n = append(pending, data), size+len(data), n+1; size >= chunkSize {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	c.Jobs = n
	return flush()
}

// StreamSize is how many bytes the objects of the tasks added so far have.
func (w *Writer) StreamSize() int { return w.stream.Len() }

// CampaignJobs yields the Jobs of an attempt at a task that is a campaign, owned by the run.
// One chunk is decompressed at a time. It is safe for concurrent use.
func (r *Reader) CampaignJobs(run *Run, task string, number int) iter.Seq2[*batchv1.Job, error] {
	c := r.Campaigns[task]
	return r.campaignJobs(task, c.Attempt(number), func(job *batchv1.Job) {
		job.OwnerReferences = []metav1.OwnerReference{run.owner()}
		job.Annotations[kube.AnnotationAttempt] = strconv.Itoa(number)
	})
}

// RenamedJobs yields the Jobs of a campaign as those of the campaign id, which is a task of the
// run to, without owners.
func (r *Reader) RenamedJobs(task, id, from, to string) iter.Seq2[*batchv1.Job, error] {
	replace := strings.NewReplacer(kube.RunSecret(from, 0)[:len(kube.RunSecret(from, 0))-1], kube.RunSecret(to, 0)[:len(kube.RunSecret(to, 0))-1])
	return r.campaignJobs(task, id, func(job *batchv1.Job) {
		for _, m := range []*metav1.ObjectMeta{&job.ObjectMeta, &job.Spec.Template.ObjectMeta} {
			if m.Labels[kube.LabelWorkflow] != "" {
				m.Labels[kube.LabelWorkflow] = to
			}
		}
		pod := &job.Spec.Template.Spec
		for _, list := range [][]corev1.Container{pod.InitContainers, pod.Containers} {
			for i := range list {
				for k := range list[i].Env {
					if from := list[i].Env[k].ValueFrom; from != nil && from.SecretKeyRef != nil {
						from.SecretKeyRef.Name = replace.Replace(from.SecretKeyRef.Name)
					}
				}
			}
		}
	})
}

// JobText returns the first Job of a campaign as it is stored.
func (r *Reader) JobText(task string) ([]byte, error) {
	for job, err := range r.campaignJobs(task, r.Campaigns[task].ID, func(*batchv1.Job) {}) {
		if err != nil {
			return nil, err
		}
		return json.Marshal(job)
	}
	return nil, fmt.Errorf("the campaign of task %q has no Jobs", task)
}

// campaignJobs yields the Jobs of a campaign as those of the campaign id, after change.
func (r *Reader) campaignJobs(task, id string, change func(*batchv1.Job)) iter.Seq2[*batchv1.Job, error] {
	return func(yield func(*batchv1.Job, error) bool) {
		c := r.Campaigns[task]
		z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(jobsWindow), zstd.WithDecoderMaxMemory(maxChunk))
		if err != nil {
			yield(nil, err)
			return
		}
		defer z.Close()
		for _, chunk := range c.Chunks {
			var jobs []json.RawMessage
			text, err := z.DecodeAll(r.stream[chunk.Offset:chunk.Offset+chunk.Size], nil)
			if err == nil {
				err = json.Unmarshal(text, &jobs)
			}
			if err != nil {
				yield(nil, fmt.Errorf("the Jobs of campaign %s: %w", c.ID, err))
				return
			}
			for i, data := range jobs {
				job, err := renamedJob(data, c.ID, id, chunk.First+i)
				if err == nil {
					change(job)
				}
				if !yield(job, err) || err != nil {
					return
				}
			}
		}
	}
}

// renamedJob returns a Job of the campaign from as that of the campaign to: the ids of the
// campaign and of the Job, which follows from it, are parts of many of its texts. index is the
// position of the Job in its campaign.
func renamedJob(data []byte, from, to string, index int) (*batchv1.Job, error) {
	if from != to {
		var m metav1.PartialObjectMetadata
		if err := json.Unmarshal(data, &m); err != nil {
			return nil, err
		}
		number, err := strconv.Atoi(m.Annotations[kube.AnnotationRun])
		id := kube.RunID(to, m.Annotations[kube.AnnotationConfig], number)
		if m.Annotations[kube.AnnotationRuns] != "" {
			id, err = kube.PackedID(to, index), nil
		}
		if err != nil || m.Labels[kube.LabelTaskID] == "" {
			return nil, fmt.Errorf("the Job %q is not that of a run of a campaign", m.Name)
		}
		data = bytes.ReplaceAll(data, []byte(from), []byte(to))
		data = bytes.ReplaceAll(data, []byte(m.Labels[kube.LabelTaskID]), []byte(id))
	}
	job := &batchv1.Job{}
	if err := json.Unmarshal(data, job); err != nil {
		return nil, err
	}
	if job.Annotations == nil || job.Labels[kube.LabelTaskID] == "" {
		return nil, fmt.Errorf("the Job %q is not that of a run of a campaign", job.Name)
	}
	return job, nil
}

// CampaignOf returns the record in the ConfigMap of a campaign.
func CampaignOf(cm *corev1.ConfigMap) (*layout.Record, error) {
	return layout.ParseRecord([]byte(cm.Data[layout.RecordFile]))
}

// CampaignData is the data of the ConfigMap of a campaign with a record.
func CampaignData(r *layout.Record) map[string]string {
	return map[string]string{layout.RecordFile: string(r.Marshal())}
}
