package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/campaigntest"
	"github.com/kubevast/vast/sdk/variation"
)

// A pre_command, and scenarios of RoboVAST's, write to /out itself.
func TestAllFilesInOutAreKept(t *testing.T) {
	for packed, want := range map[int][][]agentspec.Dir{
		1: {{{Path: "/out/only/0", Progress: true}, {Path: "/out", As: "_out/", Rest: true}}},
		2: {{{Path: "/out/only/0", Progress: true}},
			{{Path: "/out/only/1", Progress: true}, {Path: "/out", As: "_out/", Rest: true}, {Path: "/out/_jobs/JOB", As: "_job/"}}},
	} {
		t.Run(fmt.Sprintf("%d in a Job", packed), func(t *testing.T) {
			s := campaigntest.Small(t)
			s.Execution.RunsPerJob, s.Execution.Runs = packed, packed
			rendered, err := Render(t.Context(), Target{Namespace: "lab"}, s, variation.Of(variation.Config{Name: "only"}), api.CampaignOptions{AgentImage: "agent:dev"})
			if err != nil {
				t.Fatal(err)
			}
			var job *batchv1.Job
			for job, err = range rendered.Jobs {
				if err != nil {
					t.Fatal(err)
				}
			}
			var kept agentspec.Keep
			for _, c := range job.Spec.Template.Spec.InitContainers {
				if c.Name == kube.ContainerKeep {
					if err := decode(&c, agentspec.EnvKeep, &kept); err != nil {
						t.Fatal(err)
					}
				}
			}
			var got [][]agentspec.Dir
			for _, r := range kept.Results {
				for i := range r.Dirs {
					r.Dirs[i].Path = strings.Replace(r.Dirs[i].Path, job.Name, "JOB", 1)
				}
				got = append(got, r.Dirs)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
