package manifest

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/kube"
)

func TestTheLauncherReportsTheArchitectureIfThereAreSeveral(t *testing.T) {
	for _, tt := range []struct {
		arch []string
		want bool
	}{{nil, false}, {[]string{"amd64"}, false}, {[]string{"amd64", "arm64"}, true}} {
		pod := &corev1.PodSpec{Containers: []corev1.Container{{Name: "other", Command: []string{"x", "--"}}, {Name: kube.ContainerTask, Command: []string{"sh", "-c", "...", "vast", "--"}}}}
		RequireArch(pod, tt.arch)
		if got := slices.Contains(pod.Containers[1].Command, "--arch"); got != tt.want || slices.Contains(pod.Containers[0].Command, "--arch") || pod.Containers[1].Command[len(pod.Containers[1].Command)-1] != "--" {
			t.Errorf("%v: the commands are %v", tt.arch, pod.Containers)
		}
	}
	machine, err := exec.Command("uname", "-m").Output()
	if err != nil {
		t.Fatal(err)
	}
	mark := filepath.Join(t.TempDir(), "termination-log")
	for setup, want := range map[string]string{"": " ", "true": " "} {
		cmd := launched(t, setup, "exit 3", "--arch")
		cmd.Args[2] = strings.Replace(cmd.Args[2], "/dev/termination-log", mark, 1)
		if err := cmd.Run(); err == nil {
			t.Error("the exit code of the script is lost")
		}
		got, err := os.ReadFile(mark)
		if want += kube.ArchMark + strings.TrimSpace(string(machine)); err != nil || string(got) != want {
			t.Errorf("the termination message is %q, want %q; %v", got, want, err)
		}
		_ = os.Remove(mark)
	}
}
