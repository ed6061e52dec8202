package kube

import (
	"slices"
	"strings"

	"github.com/kubevast/vast/sdk/api"
)

// Latest is the ref of the caller's newest object of a kind.
const Latest = "@latest"

// RefKind is a kind of object that a ref can name.
type RefKind string

const (
	RefTask     RefKind = "task"
	RefJob      RefKind = "Job"
	RefQueued   RefKind = "waiting task"
	RefCampaign RefKind = "campaign"
	RefResult   RefKind = "result"
	RefVolume   RefKind = "volume"
	RefClaim    RefKind = "claim"
	RefQueue    RefKind = "queue"
	RefConfig   RefKind = "config"
	RefRun      RefKind = "run"
	RefSchedule RefKind = "schedule"
)

// refType is how a kind is written before a name: as one of these words, optionally
// with its group, or a version and the group, as in kubectl.
type refType struct {
	words []string
	group string
	kind  RefKind
	// look shows an object of the kind; empty for none.
	look api.Action
}

var refTypes = []refType{
	{[]string{"task", "tasks"}, "kubevast.io", RefTask, api.TasksGet},
	{[]string{"job", "jobs"}, "batch", RefJob, api.TasksGet},
	{[]string{"queuedtask", "queuedtasks"}, "kubevast.io", RefQueued, api.TasksGet},
	{[]string{"workload", "workloads", "wl"}, "kueue.x-k8s.io", RefQueued, api.TasksGet},
	{[]string{"campaign", "campaigns"}, "kubevast.io", RefCampaign, api.CampaignsGet},
	{[]string{"result", "results"}, "kubevast.io", RefResult, api.ResultsGet},
	{[]string{"volume", "volumes"}, "kubevast.io", RefVolume, api.VolumesGet},
	{[]string{"persistentvolumeclaim", "persistentvolumeclaims", "pvc"}, "", RefClaim, api.VolumesGet},
	{[]string{"queue", "queues"}, "kubevast.io", RefQueue, api.QueuesList},
	{[]string{"localqueue", "localqueues", "lq"}, "kueue.x-k8s.io", RefQueue, api.QueuesList},
	{[]string{"run", "runs", "workflowrun", "workflowruns"}, "kubevast.io", RefRun, ""},
	{[]string{"schedule", "schedules", "workflowschedule", "workflowschedules"}, "kubevast.io", RefSchedule, ""},
	{[]string{"cronjob", "cronjobs", "cj"}, "batch", RefSchedule, ""},
	{[]string{"clusterconfig", "clusterconfigs"}, "kubevast.io", RefConfig, ""},
}

// Ref names an object: NAME or, as in kubectl and in the output of -o name,
// TYPE/NAME.
type Ref struct {
	// Kind is empty for a bare name.
	Kind RefKind
	// Name is without the type. It may have slashes of its own: those of a
	// campaign's run are CAMPAIGN/CONFIG/RUN.
	Name string
}

// ParseRef parses a ref. It returns an InvalidSpecError for a type that is none of the
// wanted kinds; a word before a slash that is no type belongs to the name.
func ParseRef(text string, wanted ...RefKind) (Ref, error) {
	word, name, slash := strings.Cut(text, "/")
	t := refTypeOf(word)
	if !slash || t == nil {
		return Ref{Name: text}, nil
	}
	switch {
	case !slices.Contains(wanted, t.kind):
		err := api.Invalid("", "%q is a %s; a %s is required", text, t.kind, wanted[0])
		if t.look != "" && name != "" {
			err.Problems[0].Remedies = []api.Remedy{{Action: t.look, Ref: text}}
		}
		return Ref{}, err
	case name == "":
		return Ref{}, api.Invalid("", "%q has no name after its type; write it as %s/NAME", text, word)
	}
	return Ref{Kind: t.kind, Name: name}, nil
}

func refTypeOf(text string) *refType {
	word, rest, dotted := strings.Cut(strings.ToLower(text), ".")
	for i, t := range refTypes {
		if !slices.Contains(t.words, word) {
			continue
		}
		version, group, versioned := strings.Cut(rest, ".")
		if !dotted || rest == t.group || versioned && strings.HasPrefix(version, "v") && group == t.group {
			return &refTypes[i]
		}
	}
	return nil
}
