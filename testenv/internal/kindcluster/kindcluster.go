// Package kindcluster makes, looks at and removes the node containers of a cluster,
// through kind's library and the docker command line that it uses too.
package kindcluster

import (
	"context"
	"strings"

	"sigs.k8s.io/kind/pkg/apis/config/defaults"
	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
	"sigs.k8s.io/kind/pkg/cluster"
	"sigs.k8s.io/kind/pkg/exec"

	"github.com/kubevast/vast/testenv/internal/nodeimage"
	"github.com/kubevast/vast/testenv/internal/run"
)

// StockImage is the node image that this version of kind was released with.
const StockImage = defaults.Image

// NodeCount is how many nodes a cluster usually has: one control plane, which takes pods
// too, and one worker.
const NodeCount = 2

// clusterLabel is what kind marks its node containers with.
const clusterLabel = "io.x-k8s.kind.cluster="

// Spec describes a cluster to create.
type Spec struct {
	Name       string
	Image      string
	Kubeconfig string
	Nodes      int // one control plane, the others workers
	// FromSource is for the image of this repository, which leaves the pod network to
	// the caller, runs where there is only cgroup v1, and where containers may not
	// lower their out-of-memory score.
	FromSource bool
}

// Create creates the cluster; if that fails, its nodes are kept. kind takes no context, so
// a call cannot be cancelled.
func Create(spec Spec, progress func(string, ...any)) error {
	return provider(progress).Create(spec.Name,
		cluster.CreateWithV1Alpha4Config(config(spec)),
		cluster.CreateWithNodeImage(spec.Image),
		cluster.CreateWithKubeconfigPath(spec.Kubeconfig),
		cluster.CreateWithRetain(true), // for Journal; the caller deletes what failed
		cluster.CreateWithDisplayUsage(false),
		cluster.CreateWithDisplaySalutation(false),
	)
}

// Delete removes the cluster and its entry in the kubeconfig; none is no error.
func Delete(name, kubeconfig string, progress func(string, ...any)) error {
	return provider(progress).Delete(name, kubeconfig)
}

// WriteKubeconfig writes how to reach a cluster that is there already.
func WriteKubeconfig(name, path string) error {
	return provider(func(string, ...any) {}).ExportKubeConfig(name, path, false)
}

func provider(progress func(string, ...any)) *cluster.Provider {
	return cluster.NewProvider(cluster.ProviderWithDocker(), cluster.ProviderWithLogger(logger{progress}))
}

// controlPlanePatch trades safety and memory, which a cluster for tests does not need,
// for CPU time, of which it has little. etcd does not wait for the disk: the cluster is
// removed when the machine dies. The garbage collectors run less often; they took a
// quarter of the API server's CPU time. Nothing competes with the only controller manager
// and the only scheduler for their lease, nor with the only member of etcd, whose
// heartbeat is seldom.
const controlPlanePatch = `apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
apiServer:
  extraEnvs:
  - {name: GOGC, value: "400"}
controllerManager:
  extraArgs:
  - {name: leader-elect, value: "false"}
  extraEnvs:
  - {name: GOGC, value: "400"}
scheduler:
  extraArgs:
  - {name: leader-elect, value: "false"}
  extraEnvs:
  - {name: GOGC, value: "400"}
etcd:
  local:
    extraArgs:
    - {name: unsafe-no-fsync, value: "true"}
    - {name: heartbeat-interval, value: "500"}
    - {name: election-timeout, value: "5000"}
    extraEnvs:
    - {name: GOGC, value: "400"}
`

// savingsPatch has kubeadm apply the patches that the image brings along.
const savingsPatch = "apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\npatches: {directory: " + nodeimage.PatchDir + "}\n"

// config describes the nodes.
func config(spec Spec) *v1alpha4.Cluster {
	c := &v1alpha4.Cluster{
		TypeMeta: v1alpha4.TypeMeta{Kind: "Cluster", APIVersion: "kind.x-k8s.io/v1alpha4"},
		Nodes:    []v1alpha4.Node{{Role: v1alpha4.ControlPlaneRole}},

		KubeadmConfigPatches: []string{controlPlanePatch},
	}
	for range spec.Nodes - 1 {
		c.Nodes = append(c.Nodes, v1alpha4.Node{Role: v1alpha4.WorkerRole})
	}
	if spec.FromSource {
		c.Networking.DisableDefaultCNI = true
		c.KubeadmConfigPatches = append(c.KubeadmConfigPatches, "kind: KubeletConfiguration\nfailCgroupV1: false\n", savingsPatch)
		c.ContainerdConfigPatches = []string{"[plugins.\"io.containerd.grpc.v1.cri\"]\n  restrict_oom_score_adj = true\n"}
	}
	return c
}

// Nodes returns the names of the cluster's node containers and whether they run.
func Nodes(ctx context.Context, name string) (map[string]bool, error) {
	out, err := run.Command("docker", "ps", "--all", "--filter", "label="+clusterLabel+name,
		"--format", "{{.Names}} {{.State}}").Output(ctx)
	if err != nil {
		return nil, err
	}
	nodes := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		if node, state, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			nodes[node] = state == "running"
		}
	}
	return nodes, nil
}

// outputKept is how much of the output of a failed program is worth showing: kubeadm
// prints a line for each try.
const outputKept = 2 << 10

// FailedOutput returns the end of what the program printed whose failure is the cause of
// an error of kind's; the error itself does not have it.
func FailedOutput(err error) string {
	failed := exec.RunErrorForError(err)
	if failed == nil {
		return ""
	}
	return string(failed.Output[max(0, len(failed.Output)-outputKept):])
}

// Journal returns what the nodes' systems have logged, for a cluster that failed.
func Journal(ctx context.Context, name string) string {
	nodes, err := Nodes(ctx, name)
	if err != nil {
		return err.Error()
	}
	var all strings.Builder
	for node := range nodes {
		out, err := run.Command("docker", "exec", node, "journalctl", "--no-pager", "--output=short-iso").Output(ctx)
		if err != nil {
			out = []byte(err.Error())
		}
		all.WriteString("==> " + node + "\n" + string(out) + "\n")
	}
	return all.String()
}
