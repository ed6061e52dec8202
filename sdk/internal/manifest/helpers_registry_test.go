package manifest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAnImageIsThatOfTheRegistryThatIsLoggedInTo(t *testing.T) {
	tests := map[string]struct{ server, image, want string }{
		"a name alone":                       {"registry.example.com", "app", "registry.example.com/app"},
		"a name with a tag":                  {"registry.example.com", "app:1.2", "registry.example.com/app:1.2"},
		"a path with a digest":               {"registry.example.com:5000", "team/app@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "registry.example.com:5000/team/app@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		"a registry with a path":             {"us-docker.pkg.dev/project/repo", "app:1", "us-docker.pkg.dev/project/repo/app:1"},
		"a slash too much":                   {"registry.example.com/", "app", "registry.example.com/app"},
		"a URL":                              {"https://registry.example.com/v2/", "app", "registry.example.com/app"},
		"SkyPilot's prefix":                  {"registry.example.com", "docker:app", "registry.example.com/app"},
		"an image that has it already":       {"nvcr.io", "nvcr.io/nvidia/pytorch:24.07-py3", "nvcr.io/nvidia/pytorch:24.07-py3"},
		"an image of another registry":       {"nvcr.io", "ghcr.io/lab/app", "ghcr.io/lab/app"},
		"an image of a local registry":       {"nvcr.io", "localhost/app", "localhost/app"},
		"an image of a registry with a port": {"nvcr.io", "mirror:5000/app", "mirror:5000/app"},
		"Docker Hub":                         {"docker.io", "lab/app", "lab/app"},
		"Docker Hub by its URL":              {"https://index.docker.io/v1/", "lab/app", "lab/app"},
		"the default image":                  {"registry.example.com", "", DefaultImage},
		"no registry":                        {"", "app", "app"},
	}
	for name, tt := range tests {
		for _, where := range []string{"envs", "secrets"} {
			t.Run(name+", in "+where, func(t *testing.T) {
				text := "run: x\n" + where + ": {SKYPILOT_DOCKER_USERNAME: u, SKYPILOT_DOCKER_PASSWORD: p, SKYPILOT_DOCKER_SERVER: '" + tt.server + "'}\n"
				if tt.image != "" {
					text += "resources: {image_id: '" + tt.image + "'}\n"
				}
				objects, err := Build(input(t, "task.yaml", text))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, objects.Job.Spec.Template.Spec.Containers[0].Image); diff != "" {
					t.Errorf("image (-want,+got):\n%s", diff)
				}
			})
		}
	}
	t.Run("without a password", func(t *testing.T) {
		objects, err := Build(input(t, "task.yaml", "run: x\nresources: {image_id: app}\nenvs: {SKYPILOT_DOCKER_USERNAME: '', SKYPILOT_DOCKER_PASSWORD: '', SKYPILOT_DOCKER_SERVER: r.example.com}\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got := objects.Job.Spec.Template.Spec.Containers[0].Image; got != "r.example.com/app" || len(objects.Helpers) > 0 {
			t.Errorf("image %s with %d helpers", got, len(objects.Helpers))
		}
	})
}

func TestARegistryThatMakesNoImageIsRefused(t *testing.T) {
	_, err := Build(input(t, "task.yaml", "run: x\nresources: {image_id: app}\nsecrets: {SKYPILOT_DOCKER_USERNAME: u, SKYPILOT_DOCKER_PASSWORD: p, SKYPILOT_DOCKER_SERVER: 'Not A Host'}\n"))
	want := "SKYPILOT_DOCKER_SERVER: with it the image has no valid name; write the registry as the names of its images begin, for example ghcr.io/lab"
	if err == nil {
		t.Fatal("accepted")
	}
	if diff := cmp.Diff("task.yaml:1:1: "+want, err.Error()); diff != "" {
		t.Errorf("(-want,+got):\n%s", diff)
	}
}
