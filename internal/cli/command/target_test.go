package command

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestACommandLineLeadsToItsClusterAndNamespace(t *testing.T) {
	lab := NewTarget([]string{"--kubeconfig=my files/config", "--context=big"}, "lab")
	tests := map[string]struct{ got, want string }{
		"a namespace that is the usual one is not said": {lab.In("lab").Vast("list"), "kubectl vast list --kubeconfig='my files/config' --context=big"},
		"another one is": {lab.In("team-a").Vast("logs", "x", "-f"), "kubectl vast logs x -f --kubeconfig='my files/config' --context=big -n team-a"},
		"where the usual one is not known it is always said": {NewTarget(nil, "").In("default").Vast("list"), "kubectl vast list -n default"},
		"what belongs to the cluster has none":               {lab.In("x").Cluster().Kubectl("get", "nodes"), "kubectl get nodes --kubeconfig='my files/config' --context=big"},
		"the other plugin":                                   {NewTarget(nil, "lab").In("x").Vastvol("list"), "kubectl vastvol list -n x"},
		"a command that asks no cluster":                     {Target{}.Vast("auth", "login", "NAME"), "kubectl vast auth login NAME"},
		"words that a shell would take apart":                {Target{}.Vast("submit", "it's mine.yaml"), `kubectl vast submit 'it'\''s mine.yaml'`},
		"an empty word":                                      {Target{}.Kubectl("get", ""), "kubectl get ''"},
		"JSON":                                               {Target{}.Kubectl("patch", "job", "x", "-p", `{"a":1}`), `kubectl patch job x -p '{"a":1}'`},
		"what is for a program in a pod stays behind":        {lab.In("x").Kubectl("exec", "POD", "--", "sh"), "kubectl exec POD --kubeconfig='my files/config' --context=big -n x -- sh"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
