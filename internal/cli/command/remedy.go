// Package command renders what the SDK returns as data, remedies and options, as command
// lines and flags.
package command

import (
	"strings"

	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

// commands are the commands that do what the actions of remedies name.
var commands = map[api.Action][]string{
	api.TasksSubmit:      {"submit"},
	api.TasksGet:         {"status"},
	api.TasksList:        {"list"},
	api.TasksLogs:        {"logs"},
	api.TasksStop:        {"stop"},
	api.TasksDelete:      {"delete"},
	api.VolumesCreate:    {"create"},
	api.VolumesGet:       {"get"},
	api.VolumesList:      {"list"},
	api.VolumesDelete:    {"delete"},
	api.QueuesList:       {"queue", "status"},
	api.QueuesPending:    {"queue", "list"},
	api.QueuesResume:     {"queue", "resume"},
	api.CampaignsRun:     {"campaign", "run"},
	api.CampaignsGet:     {"campaign", "status"},
	api.CampaignsList:    {"campaign", "list"},
	api.CampaignsStop:    {"campaign", "stop"},
	api.CampaignsHold:    {"campaign", "hold"},
	api.CampaignsResume:  {"campaign", "resume"},
	api.CampaignsRerun:   {"campaign", "rerun"},
	api.CampaignsCleanup: {"campaign", "cleanup"},
	api.ResultsGet:       {"results", "show"},
	api.ResultsList:      {"results", "list"},
	api.ResultsDownload:  {"results", "download"},
	api.ResultsDelete:    {"results", "delete"},

	"Shares.Upload":       {"share", "upload"},
	"Shares.List":         {"share", "status"},
	"Workflows.Get":       {"run", "status"},
	"Workflows.List":      {"run", "list"},
	"Workflows.Stop":      {"run", "stop"},
	"Workflows.Delete":    {"run", "delete"},
	"Workflows.Reconcile": {"reconcile"},
	"Workflows.History":   {"run", "history"},
	"Workflows.Rerun":     {"rerun"},
	"Schedules.List":      {"schedule", "list"},
	"Schedules.Suspend":   {"schedule", "suspend"},
	api.ClusterSetup:      {"cluster", "setup"},
	api.ClusterStatusGet:  {"cluster", "status"},
	api.ClusterResizeRun:  {"cluster", "resize"},
	api.ClusterCleanupRun: {"cluster", "cleanup"},
	api.DoctorCheckRun:    {"doctor"},
	api.DoctorRole:        {"doctor", "--role"},
	api.Login:             {"auth", "login"},
}

// looks are the methods and subcommands that only show something.
var looks = map[string]bool{"Get": true, "List": true, "Logs": true, "Pending": true, "Status": true, "Check": true,
	"get": true, "describe": true, "logs": true}

// Of returns the command line of a remedy, empty for one that is the same
// command again with a flag.
func Of(to Target, r api.Remedy) string {
	if r.Action == "" {
		return ""
	}
	if r.Administrator {
		to = Target{namespace: to.namespace}
	}
	switch r.Namespace {
	case "":
	case "*":
		to = to.Cluster()
	default:
		to = to.In(r.Namespace)
	}
	words, isKubectl := strings.CutPrefix(string(r.Action), "kubectl ")
	line := commands[r.Action]
	if isKubectl {
		line = strings.Fields(words)
	}
	line = append([]string{}, line...)
	if r.Ref != "" {
		line = append(line, r.Ref)
	}
	for _, o := range r.Options {
		if isKubectl {
			line = append(line, "--"+o)
			continue
		}
		if name, file, _ := strings.Cut(o, "="); name == "Filename" {
			line = append(line, "-f", file)
			continue
		}
		line = append(line, FlagOf(o))
	}
	switch {
	case isKubectl:
		return to.Kubectl(line...)
	case strings.HasPrefix(string(r.Action), "Volumes."):
		return to.Vastvol(line...)
	}
	return to.Vast(line...)
}

// Advice renders remedies as the end of a sentence: "run `kubectl vast cluster
// setup`, or use --force". It is empty without remedies.
func Advice(to Target, remedies []api.Remedy) string {
	var b strings.Builder
	for i, r := range remedies {
		switch {
		case i > 0 && r.Then:
			b.WriteString(", then ")
		case i > 0:
			b.WriteString(", or ")
		}
		b.WriteString(advice(to, r, i > 0 && r.Then))
	}
	return b.String()
}

// advice renders one remedy; follows reports that it continues the one before it.
func advice(to Target, r api.Remedy, follows bool) string {
	part := ""
	switch command := Of(to, r); {
	case command == "":
		flags := make([]string, len(r.Options))
		for i, o := range r.Options {
			flags[i] = text.Word(FlagOf(o))
		}
		part = "use " + strings.Join(flags, " ")
	case follows:
		part = "`" + command + "`"
	case r.Administrator:
		part = "an administrator can run `" + command + "`"
	case looks[method(r.Action)]:
		part = "see `" + command + "`"
	default:
		part = "run `" + command + "`"
	}
	if r.Purpose != "" {
		part += " to " + r.Purpose
	}
	return part
}

// method returns the method of an action, or the first word of a subcommand of kubectl.
func method(a api.Action) string {
	_, name, _ := strings.Cut(strings.Replace(string(a), " ", ".", 1), ".")
	name, _, _ = strings.Cut(name, " ")
	return name
}

// Advised appends what can be done to a message.
func Advised(to Target, message string, remedies []api.Remedy) string {
	advice := Advice(to, remedies)
	if message == "" || advice == "" {
		return message + advice
	}
	return message + "; " + advice
}
