package command

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
)

func TestRemediesEndAMessage(t *testing.T) {
	lab := NewTarget(nil, "default").In("lab")
	for name, tc := range map[string]struct {
		message  string
		remedies []api.Remedy
		want     string
	}{
		"no remedy":              {"it failed", nil, "it failed"},
		"no message":             {"", []api.Remedy{{Action: api.ClusterSetup}}, "run `kubectl vast cluster setup -n lab`"},
		"a command that shows":   {"it waits", []api.Remedy{{Action: api.TasksGet, Ref: "x7k2"}}, "it waits; see `kubectl vast status x7k2 -n lab`"},
		"a command that changes": {"it is held", []api.Remedy{{Action: api.QueuesResume, Ref: "vast", Purpose: "let tasks start"}}, "it is held; run `kubectl vast queue resume vast -n lab` to let tasks start"},
		"another namespace":      {"it is held", []api.Remedy{{Action: api.QueuesResume, Namespace: "b"}}, "it is held; run `kubectl vast queue resume -n b`"},
		"no namespace":           {"none", []api.Remedy{{Action: api.KubectlAction("create namespace"), Ref: "lab", Namespace: "*"}}, "none; run `kubectl create namespace lab`"},
		"options of kubectl":     {"no right", []api.Remedy{{Action: api.KubectlAction("create clusterrolebinding"), Ref: "x", Namespace: "*", Options: []string{"clusterrole=y"}}}, "no right; run `kubectl create clusterrolebinding x --clusterrole=y`"},
		"the same command":       {"it exists", []api.Remedy{{Options: []string{"Force"}, Purpose: "overwrite it"}}, "it exists; use --force to overwrite it"},
		"an option with a value": {"full", []api.Remedy{{Options: []string{"Queue=night"}}}, "full; use --queue=night"},
		"a value with a blank":   {"full", []api.Remedy{{Options: []string{"Queue=my night"}}}, "full; use --queue='my night'"},
		"steps of an administrator": {"no right", []api.Remedy{
			{Action: api.DoctorRole, Administrator: true, Purpose: "print the Role"},
			{Action: api.KubectlAction("create rolebinding"), Ref: "x", Options: []string{"role=y"}, Administrator: true, Then: true, Purpose: "bind it"}},
			"no right; an administrator can run `kubectl vast doctor --role -n lab` to print the Role, then `kubectl create rolebinding x --role=y -n lab` to bind it"},
		"the other plugin": {"no volume", []api.Remedy{{Action: api.VolumesList}}, "no volume; see `kubectl vastvol list -n lab`"},
		"several":          {"no store", []api.Remedy{{Action: api.ClusterSetup}, {Options: []string{"NoResults"}}}, "no store; run `kubectl vast cluster setup -n lab`, or use --no-results"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Advised(lab, tc.message, tc.remedies)); diff != "" {
				t.Errorf("(-want,+got):\n%s", diff)
			}
		})
	}
}

func TestWhatAnAdministratorRunsHasNoneOfTheCallersFlags(t *testing.T) {
	caller := NewTarget([]string{"--as=bob"}, "lab").In("lab")
	r := api.Remedy{Action: api.DoctorRole, Administrator: true}
	if diff := cmp.Diff("kubectl vast doctor --role -n lab", Of(caller, r)); diff != "" {
		t.Errorf("(-want,+got):\n%s", diff)
	}
}

func TestFlagsOfOptions(t *testing.T) {
	for option, want := range map[string]string{
		"Force": "--force", "RequestID": "--request-id", "Queue=night": "--queue=night", "NoResults": "--no-results",
		"Configs": "--config", "TTL": "--keep", "Profile": "--security-profile", "AllUsers": "--all-users",
	} {
		if got := FlagOf(option); got != want {
			t.Errorf("%s: got %s, want %s", option, got, want)
		}
	}
}
