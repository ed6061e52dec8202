package krew

import "fmt"

// homepage is that of the project, where its releases are.
const homepage = "https://github.com/kubevast/vast"

// Plugin is what krew's users read about a plugin. Its program is kubectl-NAME.
type Plugin struct {
	Name string
	// Short is a line; Description and Caveats are paragraphs.
	Short, Description, Caveats string
}

// Plugins are both plugins.
var Plugins = []Plugin{{
	Name:  "vast",
	Short: "Run batch tasks on any Kubernetes cluster",
	Description: `Runs batch work on any cluster that a kubeconfig reaches. A task is a YAML
file in SkyPilot's format: what to run, on how many nodes, with which
resources. It becomes an Indexed Job whose nodes can reach each other. Logs
are followed in the terminal and kept with the results, and the reason is
printed when a task cannot start or has failed.

Campaigns run a task for thousands of configurations, workflows run tasks
that depend on each other, queues share quota between users (Kueue), and
results are uploaded from the cluster to a share such as Nextcloud or S3.

A role that may create Jobs in one namespace is enough for tasks.`,
	Caveats: `To enable shell completion of "kubectl vast":
  kubectl vast completion --install`,
}, {
	Name:  "vastvol",
	Short: "Manage the volumes of batch tasks",
	Description: `Creates, lists and deletes the volumes that the tasks of "kubectl vast"
mount by their names, and shows which tasks use them. A volume is a
PersistentVolumeClaim in the namespace; one that is in use is not deleted.`,
	Caveats: `To enable shell completion of "kubectl vastvol":
  kubectl vastvol completion --install`,
}}

// TemplateFile returns the path of the plugin's template in the repository. The bot finds
// .krew.yaml by itself, and others by a setting of its action.
func (p Plugin) TemplateFile() string {
	if p.Name == "vast" {
		return ".krew.yaml"
	}
	return "krew/" + p.Name + ".yaml"
}

// Platform is a platform that releases are built for.
type Platform struct{ OS, Arch string }

// Platforms are all of them.
var Platforms = []Platform{
	{"linux", "amd64"},
	{"linux", "arm64"},
	{"darwin", "amd64"},
	{"darwin", "arm64"},
	{"windows", "amd64"},
	{"windows", "arm64"},
}

// String returns the platform as Go writes it, such as "linux/amd64".
func (p Platform) String() string { return p.OS + "/" + p.Arch }

// Program returns the file name of a plugin's program.
func (p Platform) Program(plugin string) string {
	if p.OS == "windows" {
		return "kubectl-" + plugin + ".exe"
	}
	return "kubectl-" + plugin
}

// Archive returns the file name of a plugin's archive of a version.
func (p Platform) Archive(plugin, version string) string {
	ending := "tar.gz"
	if p.OS == "windows" {
		ending = "zip"
	}
	return fmt.Sprintf("kubectl-%s_%s_%s_%s.%s", plugin, version, p.OS, p.Arch, ending)
}
