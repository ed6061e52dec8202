package walls_test

import (
	"crypto/rand"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/kube"
)

// askUser is what the user's image does before the files are fetched.
var askUser = regexp.MustCompile(`echo "\$\$\(id -u\):\$\$\(id -g\)" >(\S+)`)

// TestWall05AFileThatAnImageWritesIsNotQuoted: an image whose shell leaves a link
// where it should write its user, to where our init container has the key of the
// store, has the task failed, and the key is not in the reason.
func TestWall05AFileThatAnImageWritesIsNotQuoted(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vast("cluster", "setup", "kind").exits(0)
	key := p.storeKey()

	// Too large to go with the task, so that it is in the store, and our init
	// container has the key.
	noise := make([]byte, 2<<20)
	_, _ = rand.Read(noise)
	p.file("work/noise", string(noise))
	task := p.file("task.yaml", "resources: {image_id: 'busybox:1.36', cpus: 50m}\nworkdir: "+filepath.Join(p.dir, "work")+"\nrun: ls\n")
	submit := []string{"submit", task, "--queue=none"}
	first := p.vast(append(submit, "-d", "-o", "name")...).exits(0) // an honest image, and the files are uploaded
	p.podOf(strings.TrimSpace(first.stdout), "it succeeds", func(pod *corev1.Pod) bool { return pod.Status.Phase == corev1.PodSucceeded })

	t.Run("at once", func(t *testing.T) {
		for name, does := range map[string]string{
			"a link to our variables": `ln -s /proc/self/environ $1`,
			"a link to our token":     `ln -s /var/run/secrets/kubernetes.io/serviceaccount/token $1`,
			"a pipe":                  `mkfifo $1`,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				p := p.in(t)
				rendered := p.vast(append(submit, "--dry-run=client", "-o", "yaml")...).exits(0).stdout
				changed := askUser.ReplaceAllString(rendered, does)
				if changed == rendered {
					t.Fatalf("the image is not asked for its user:\n%s", rendered)
				}
				p.apply(changed)
				m := regexp.MustCompile(regexp.QuoteMeta(kube.LabelTaskID) + `: (\S+)`).FindStringSubmatch(changed)
				if m == nil {
					t.Fatal("no id")
				}
				p.podOf(m[1], "it fails", func(pod *corev1.Pod) bool { return pod.Status.Phase == corev1.PodFailed })
				p.vast("status", m[1]).says("could not bring its files: it is not known which user the image runs as")
				p.inEveryForm("status", m[1])
			})
		}
	})
	p.searchEverywhere(key)
}
