package manifest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/kubevast/vast/internal/agentspec"
)

func TestATaskWithoutANetworkHasAPolicy(t *testing.T) {
	for name, tc := range map[string]struct {
		task string
		from Network
		want string // the rules
	}{
		"nothing is set":          {"run: x", "", ""},
		"the cluster's network":   {"run: x", NetworkDefault, ""},
		"one node is alone":       {"run: x", NetworkNone, "in 0 out 0"},
		"nodes reach each other":  {"run: x\nnum_nodes: 2", NetworkNone, "in 1 out 2"},
		"restricted does not cut": {"run: x\nnum_nodes: 2", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(t, "task.yaml", tc.task)
			in.Network, in.Profile = tc.from, Restricted
			objects, err := Build(in)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, h := range objects.Helpers {
				p, ok := h.(*networkingv1.NetworkPolicy)
				if !ok {
					continue
				}
				if len(p.Spec.PolicyTypes) != 2 || p.Spec.PodSelector.MatchLabels["batch.kubernetes.io/job-name"] != objects.Job.Name {
					t.Errorf("it is no policy of both directions for the pods of %s: %+v", objects.Job.Name, p.Spec)
				}
				got = strings.Join([]string{"in", string(rune('0' + len(p.Spec.Ingress))), "out", string(rune('0' + len(p.Spec.Egress)))}, " ")
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("-want,+got:\n%s", diff)
			}
		})
	}
}

func TestATaskWithoutANetworkRefusesWhatNeedsOne(t *testing.T) {
	files := func(item agentspec.Item) func(*Input) {
		return func(in *Input) { in.Files = []Files{{Path: "/a", Sources: []agentspec.Item{item}, Pack: []byte("x")}} }
	}
	for name, tc := range map[string]struct {
		change func(*Input)
		says   string // empty: it is taken
	}{
		"a small pack":        {files(agentspec.Item{PackFile: "x"}), ""},
		"results":             {func(in *Input) { in.Results = &agentspec.Keep{} }, "none is not possible if results and logs are kept"},
		"a pack in the store": {files(agentspec.Item{Pack: "inputs/x"}), "from the store"},
		"a bucket":            {files(agentspec.Item{URI: "s3://bucket/x"}), "a bucket"},
		"a repository":        {files(agentspec.Item{Git: "https://example.com/x.git"}), "a Git repository"},
		"the node's network": {func(in *Input) {
			in.Task = input(t, "task.yaml", "run: x\nconfig: {kubernetes: {pod_config: {spec: {hostNetwork: true}}}}").Task
			in.Profile = Privileged
		}, "hostNetwork"},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(t, "task.yaml", "run: x")
			in.AgentImage, in.Network = agent, NetworkNone
			tc.change(&in)
			_, err := Build(in)
			if (err == nil) != (tc.says == "") || err != nil && !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %v, want %q", err, tc.says)
			}
			in.Network = NetworkDefault
			if _, err := Build(in); err != nil {
				t.Errorf("with a network: %v", err)
			}
		})
	}
}
