package kube

import (
	"slices"
	"strings"

	"github.com/kubevast/vast/internal/hint"
	"github.com/kubevast/vast/sdk/api"
)

// RefKind is a kind of objects that a command may be given.
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
)

// refType is how a kind is written before a name: by one of these words, which
// its group may follow, or a version and the group, as kubectl takes it.
type refType struct {
	words []string
	group string
	kind  RefKind
	// commands are those that the kind is for.
	commands string
}

var refTypes = []refType{
	{[]string{"task", "tasks"}, "kubevast.io", RefTask, hint.Command()},
	{[]string{"job", "jobs"}, "batch", RefJob, hint.Command()},
	{[]string{"queuedtask", "queuedtasks"}, "kubevast.io", RefQueued, hint.Command()},
	{[]string{"workload", "workloads", "wl"}, "kueue.x-k8s.io", RefQueued, hint.Command()},
	{[]string{"campaign", "campaigns"}, "kubevast.io", RefCampaign, hint.Command("campaign")},
	{[]string{"result", "results"}, "kubevast.io", RefResult, hint.Command("results")},
	{[]string{"volume", "volumes"}, "kubevast.io", RefVolume, hint.Vastvol()},
	{[]string{"persistentvolumeclaim", "persistentvolumeclaims", "pvc"}, "", RefClaim, hint.Vastvol()},
	{[]string{"queue", "queues"}, "kubevast.io", RefQueue, hint.Command("queue")},
	{[]string{"localqueue", "localqueues", "lq"}, "kueue.x-k8s.io", RefQueue, hint.Command("queue")},
	{[]string{"clusterconfig", "clusterconfigs"}, "kubevast.io", RefConfig, hint.Command("cluster", "setup")},
}

// Ref is what somebody calls an object: NAME or, as kubectl takes it and as
// -o name prints it, TYPE/NAME.
type Ref struct {
	// Kind is empty for a bare name.
	Kind RefKind
	// Name is without the type. It may have slashes of its own: those of a
	// campaign's run are CAMPAIGN/CONFIG/RUN.
	Name string
}

// ParseRef takes a ref apart. A type that is none of the wanted kinds is
// InvalidSpecError; a word before a slash that is no type belongs to the name.
func ParseRef(text string, wanted ...RefKind) (Ref, error) {
	word, name, slash := strings.Cut(text, "/")
	t := refTypeOf(word)
	if !slash || t == nil {
		return Ref{Name: text}, nil
	}
	switch {
	case !slices.Contains(wanted, t.kind):
		return Ref{}, api.Invalid("", "%q is a %s, and a %s is wanted here; for a %s there is: %s --help", text, t.kind, wanted[0], t.kind, t.commands)
	case name == "":
		return Ref{}, api.Invalid("", "%q has no name behind its type; write it as in %s/NAME", text, word)
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
