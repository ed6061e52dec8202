package record

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubevast/vast/internal/identity"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/rules"
	"github.com/kubevast/vast/sdk/internal/task"
	"github.com/kubevast/vast/sdk/spec"
)

// vet checks a record, and what the store keeps of how its runs are executed
// (nil: that is not needed), as if it had been typed. Who may write either can
// write anything, and what is made of it is made with the caller's rights. All
// that is wrong is one *api.ConflictError.
func Check(r *layout.Record, e *spec.Execution) error {
	var wrong []string
	add := func(path, format string, args ...any) {
		wrong = append(wrong, path+": "+fmt.Sprintf(format, args...))
	}
	invalid := func(path string, err error) {
		if inv, ok := err.(*api.InvalidSpecError); ok { //nolint:errorlint // these are made here, and never wrapped
			for _, p := range inv.Problems {
				add(strings.TrimPrefix(path+"."+p.Path, "."), "%s", p.Message)
			}
		} else if err != nil {
			add(path, "%v", err)
		}
	}
	invalid("", task.CheckOptions(api.SubmitOptions{Queue: r.Queue, Profile: r.Profile, TTL: time.Duration(r.KeepSeconds) * time.Second}))
	if r.Priority != "" {
		for _, msg := range validation.IsDNS1123Subdomain(r.Priority) {
			add("priority", "%.80q is no WorkloadPriorityClass: %s", r.Priority, msg)
		}
	}
	for path, image := range map[string]string{"image": r.Image, "agentImage": r.AgentImage} {
		if image == "" {
			continue // of a record that is only looked at
		}
		if _, wrong := rules.Image(image); wrong != "" {
			add(path, "%q %s", text.Short(image, 60), wrong)
		}
	}
	if r.User != "" && !identity.Valid(r.User) {
		add("user", "%.80q is no user's name", r.User)
	}
	if !r.Drawn().Known() {
		add("random", "%.80q is unknown to this program", string(r.Random))
	}
	if r.RerunOf != "" && CheckID(r.RerunOf) != nil {
		add("rerunOf", "%.80q is no campaign's id", r.RerunOf)
	}
	if r.Inputs != "" && !isSHA256(r.Inputs) {
		add("inputs", "%.80q is no SHA-256", r.Inputs)
	}
	if base := FileName(r.File); base == ".." || base == "." || strings.ContainsAny(base, "/\\\x00") {
		add("file", "%.80q is no file's name", r.File)
	}
	vetRuns(r, add)
	if e != nil {
		invalid("", spec.CheckExecution(e))
		if r.Image != e.Image {
			add("image", "%.80q is another one than that of its runs, %.80q", r.Image, e.Image)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	slices.Sort(wrong)
	return &api.ConflictError{Message: fmt.Sprintf("the record of campaign %s cannot be used: %s; submit its file again as a new campaign", r.ID, strings.Join(wrong, "; "))}
}

// vetRuns checks which runs a record says there are, and how many.
func vetRuns(r *layout.Record, add func(path, format string, args ...any)) {
	all := len(r.Selected) == 0 && r.RerunOf == "" // the lists of a big one are in the store only
	switch {
	case r.Runs < 1 || r.ConfigCount < 1 || r.RunsPerJob < 1 || r.Total < 1,
		all && (r.Total%r.Runs != 0 || r.Total/r.Runs != r.ConfigCount):
		add("total", "%d runs, %d of each of %d configurations and %d in one Job, is not what a campaign can have", r.Total, r.Runs, r.ConfigCount, r.RunsPerJob)
	case r.Jobs != (r.Total-1)/r.RunsPerJob+1:
		add("jobs", "%d Jobs of %d runs each are not %d runs", r.Jobs, r.RunsPerJob, r.Total)
	case len(r.Configs) > 0 && len(r.Configs) != r.ConfigCount:
		add("configs", "there are %d names for %d configurations", len(r.Configs), r.ConfigCount)
	case len(r.Selected) > 0 && len(r.Selected) != r.Total:
		add("selected", "there are %d of %d runs", len(r.Selected), r.Total)
	}
	bad := func(config string) bool { return !rules.IsRunConfig(config) }
	if i := slices.IndexFunc(r.Configs, bad); i >= 0 {
		add("configs", "%.80q is no configuration's name", r.Configs[i])
	}
	if i := slices.IndexFunc(r.Selected, func(ref layout.RunRef) bool { return bad(ref.Config) || ref.Run < 0 }); i >= 0 {
		add("selected", "%.80q is no run", r.Selected[i].String())
	}
}

func isSHA256(s string) bool { return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == "" }

// sameCampaign reports two copies of a record that differ in what decides: what
// happens to a campaign while it runs may be noted in one of them only.
func CheckSame(cluster, stored *layout.Record) error {
	a, b := deciding(cluster), deciding(stored)
	if len(cluster.Configs)+len(cluster.Selected) == 0 { // a big one's are in the store only
		delete(b, "configs")
		delete(b, "selected")
	}
	var differ []string
	for name := range maps.Keys(a) {
		if string(a[name]) != string(b[name]) {
			differ = append(differ, name)
		}
	}
	for name := range b {
		if _, both := a[name]; !both {
			differ = append(differ, name)
		}
	}
	if len(differ) == 0 {
		return nil
	}
	slices.Sort(differ)
	return &api.ConflictError{Message: fmt.Sprintf("campaign %s has two records that differ in %s: the ConfigMap %s and %s in the store; one of them was changed, so nothing is made of it; submit its file again as a new campaign",
		cluster.ID, strings.Join(differ, ", "), ObjectName(cluster.ID), recordKey)}
}

// deciding are the fields of a record by which its runs are made, as JSON.
func deciding(r *layout.Record) map[string]json.RawMessage {
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(r.Marshal(), &fields); err != nil {
		panic("campaign: a record must have a JSON form: " + err.Error())
	}
	for _, later := range []string{"versions", "imageID", "complete", "held", "stopped", "stoppedBy"} {
		delete(fields, later)
	}
	return fields
}
