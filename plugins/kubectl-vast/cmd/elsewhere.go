package cmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubevast/vast/internal/cli"
)

// elsewhere are the commands of sky, kubectl, helm and others that are called
// otherwise here, or that there is no need of.
func elsewhere(f *cli.Factory) []*cobra.Command {
	add := cli.NewElsewhere
	inPod := func([]string) string {
		return fmt.Sprintf("get a shell in a task's pod with `%s`; `%s` names the pods",
			f.Hint().Kubectl("exec", "-it", "POD", "--", "sh"), f.Hint().Vast("status", "ID"))
	}
	var all []*cobra.Command
	for _, some := range [][]*cobra.Command{
		add(cli.Says(f, "FILE", "each submission makes a task of its own, and applying changes none: `%s`; with --request-id the same one is submitted only once",
			[]string{"submit", "FILE"}), "apply", "create", "replace", "install"),
		add(func(args []string) string { return get(f, args) }, "get", "show", "info", "top"),
		add(inPod, "exec", "ssh", "port-forward"),
		add(cli.Says(f, "ID", "a task gives its machines back when it ends; end one earlier with `%s`, remove it with `%s`",
			[]string{"stop", "ID"}, []string{"delete", "ID"}), "down", "autostop", "uninstall"),
		add(cli.Says(f, "ID", "end a task with `%s`", []string{"stop", "ID"}), "kill", "terminate", "abort"),
		add(cli.Says(f, "FILE", "a task that has ended is submitted again: `%s`; failed runs of a campaign with `%s`",
			[]string{"submit", "FILE"}, []string{"campaign", "rerun", "ID", "--failed"}), "start", "restart", "retry", "resubmit"),
		add(cli.Says(f, "ID", "a task's log is followed with `%s`", []string{"logs", "ID", "-f"}), "tail", "attach", "follow", "log"),
		add(cli.Says(f, "ID", "tasks are watched with `%s`, campaigns with `%s`", []string{"list", "-w"}, []string{"monitor"}), "watch", "dashboard"),
		add(cli.Says(f, "ID", "results are fetched with `%s`", []string{"results", "download", "ID"}), "cp", "download", "fetch", "sync", "rsync"),
		add(cli.Says(f, "ID", "campaigns are held with `%s` and go on with `%s`, queues with `%s` and `%s`",
			[]string{"campaign", "hold", "ID"}, []string{"campaign", "resume", "ID"}, []string{"queue", "hold"}, []string{"queue", "resume"}), "hold", "resume", "pause", "suspend"),
		add(cli.Says(f, "ID", "the Jobs of campaigns that have ended are removed with `%s`, tasks with `%s`",
			[]string{"campaign", "cleanup", "ID"}, []string{"delete", "ID"}), "cleanup", "prune"),
		add(cli.Says(f, "FILE", "a campaign's configurations are listed with `%s`", []string{"campaign", "configs", "FILE"}), "configs"),
		add(cli.Says(f, "FILE", "a campaign is written into a folder with `%s`", []string{"campaign", "prepare", "DIR", "-f", "FILE"}), "prepare", "render", "template"),
		add(cli.Says(f, "FILE", "a file is checked, and what it becomes is printed, by `%s`", []string{"submit", "FILE", "--dry-run=client", "-o", "yaml"}), "validate", "lint", "diff"),
		add(cli.Says(f, "", "a cluster is set up with `%s`", []string{"cluster", "setup"}), "setup", "init"),
		add(cli.Says(f, "", "what is missing is found by `%s`", []string{"doctor"}), "check"),
		add(cli.Says(f, "NAME", "your name is set with `%s`", []string{"auth", "login", "NAME"}), "login"),
		add(cli.Says(f, "", "your name is shown by `%s`", []string{"auth", "whoami"}), "whoami"),
		add(cli.Says(f, "", "the fields of a file are shown by `%s`, `%s` and `%s`", []string{"schema", "task"}, []string{"schema", "workflow"}, []string{"schema", "campaign"}), "explain"),
		add(cli.Says(f, "", "tasks are submitted with `%s` and listed with `%s`; what waits is shown by `%s`",
			[]string{"submit", "FILE"}, []string{"list"}, []string{"queue", "list"}), "jobs", "job", "task", "tasks"),
		add(func([]string) string {
			return fmt.Sprintf("volumes have a plugin of their own: `%s`; results are listed with `%s`", f.Hint().Vastvol("list"), f.Hint().Vast("results", "list"))
		}, "volume", "volumes", "storage"),
		add(func([]string) string {
			return fmt.Sprintf("the machines and what they have are shown by `%s`, the quota of queues by `%s`", f.Hint().Cluster().Kubectl("describe", "nodes"), f.Hint().Vast("queue", "status"))
		}, "show-gpus", "gpus", "nodes"),
		add(func([]string) string {
			return "serving is not what this does: it runs tasks that end; use a Deployment and a Service for what keeps running"
		}, "serve"),
	} {
		all = append(all, some...)
	}
	return all
}

// get answers kubectl's get: what there is of a type, or how one of it stands.
func get(f *cli.Factory, args []string) string {
	say := f.Hint()
	one := cli.ArgumentOr(args[min(len(args), 1):], "ID")
	switch kind := strings.TrimSuffix(cli.ArgumentOr(args, "task"), "s"); kind {
	case "campaign":
		return fmt.Sprintf("campaigns are listed with `%s`; how one stands is shown by `%s`", say.Vast("campaign", "list"), say.Vast("campaign", "status", one))
	case "result":
		return fmt.Sprintf("results are listed with `%s`", say.Vast("results", "list"))
	case "queue", "localqueue", "lq":
		return fmt.Sprintf("queues are listed with `%s`, what waits in them with `%s`", say.Vast("queue", "status"), say.Vast("queue", "list"))
	case "volume", "pvc":
		return fmt.Sprintf("volumes are listed with `%s`", say.Vastvol("list"))
	case "task", "job", "pod":
		return fmt.Sprintf("tasks are listed with `%s`; how one stands is shown by `%s`", say.Vast("list"), say.Vast("status", one))
	default:
		return fmt.Sprintf("tasks are listed with `%s`; how one stands is shown by `%s`", say.Vast("list"), say.Vast("status", args[0]))
	}
}
