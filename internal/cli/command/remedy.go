// Package command renders what the SDK returns as data, remedies and options, as command
// lines and flags.
package command

import (
	"strings"

	"github.com/kubevast/vast/sdk/api"
)

// commands are the commands that do what the actions of remedies name.
var commands = map[api.Action][]string{
	api.TasksSubmit:       {"submit"},
	api.TasksGet:          {"status"},
	api.TasksList:         {"list"},
	api.TasksLogs:         {"logs"},
	api.TasksStop:         {"stop"},
	api.TasksDelete:       {"delete"},
	api.VolumesCreate:     {"create"},
	api.VolumesGet:        {"get"},
	api.VolumesList:       {"list"},
	api.VolumesDelete:     {"delete"},
	api.QueuesList:        {"queue", "status"},
	api.QueuesPending:     {"queue", "list"},
	api.QueuesResume:      {"queue", "resume"},
	api.CampaignsRun:      {"campaign", "run"},
	api.CampaignsGet:      {"campaign", "status"},
	api.CampaignsList:     {"campaign", "list"},
	api.CampaignsStop:     {"campaign", "stop"},
	api.CampaignsHold:     {"campaign", "hold"},
	api.CampaignsResume:   {"campaign", "resume"},
	api.CampaignsRerun:    {"campaign", "rerun"},
	api.CampaignsCleanup:  {"campaign", "cleanup"},
	api.ResultsGet:        {"results", "show"},
	api.ResultsList:       {"results", "list"},
	api.ResultsDownload:   {"results", "download"},
	api.ResultsDelete:     {"results", "delete"},
	api.ClusterSetup:      {"cluster", "setup"},
	api.ClusterStatusGet:  {"cluster", "status"},
	api.ClusterResizeRun:  {"cluster", "resize"},
	api.ClusterCleanupRun: {"cluster", "cleanup"},
	api.DoctorCheckRun:    {"doctor"},
	api.DoctorRole:        {"doctor", "--role"},
	api.Login:             {"auth", "login"},
}

// looks are the actions that change nothing: one sees by them.
var looks = map[string]bool{"Get": true, "List": true, "Logs": true, "Pending": true, "Status": true, "Check": true,
	"get": true, "describe": true, "logs": true}

// Of returns the command line of a remedy, empty for one that is the same
// command again with a flag.
func Of(to Target, r api.Remedy) string {
	if r.Action == "" {
		return ""
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
	parts := make([]string, 0, len(remedies))
	for _, r := range remedies {
		part := ""
		if command := Of(to, r); command != "" {
			_, method, _ := strings.Cut(strings.Replace(string(r.Action), " ", ".", 1), ".")
			method, _, _ = strings.Cut(method, " ")
			part = "run `" + command + "`"
			if looks[method] {
				part = "see `" + command + "`"
			}
		} else {
			flags := make([]string, len(r.Options))
			for i, o := range r.Options {
				flags[i] = FlagOf(o)
			}
			part = "use " + strings.Join(flags, " ")
		}
		if r.Purpose != "" {
			part += " to " + r.Purpose
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", or ")
}

// Advised appends what can be done to a message.
func Advised(to Target, message string, remedies []api.Remedy) string {
	advice := Advice(to, remedies)
	if message == "" || advice == "" {
		return message + advice
	}
	return message + "; " + advice
}
