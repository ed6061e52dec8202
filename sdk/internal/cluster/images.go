package cluster

import (
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// The images that setup installs unless options name others, each by its digest:
// that of the index of all platforms, as `crane digest IMAGE:TAG` prints it. Those
// of Kueue, and of its chart in sdk/setup, are what its project noted when it
// released them (the checklist of the release, and the promotion to
// registry.k8s.io).
const kueueRepository = "registry.k8s.io/kueue/kueue"

var (
	kueueImage = pinned(kueueRepository+":v"+kube.KueueVersion, "sha256:87bdbcb7ab69c5364459710b90b329d51b369c17b21d670f6436fe3f6864a78f")
	storeImage = pinned("ghcr.io/versity/versitygw:v1.8.0", "sha256:30292fc2eeacc67a36993b01f7a7a5e3361a19cced0e80c1d71cfa2a4b0a2499")
)

// byTag is set by the linker in builds for development, which take what the tags
// name: a test cluster has images of these names that were made from source.
var byTag string

func pinned(image, digest string) string {
	if byTag != "" {
		return image
	}
	return image + "@" + digest
}

// checkImage returns what is wrong with the image of an option; an empty one is
// valid.
func checkImage(option, image string) []api.Problem {
	if image == "" {
		return nil
	}
	if err := kube.CheckImage(image); err != nil {
		return []api.Problem{{Option: option, Message: err.Error()}}
	}
	return nil
}

// unless is an image, or nothing where that is the one that is taken without a
// word: it is not asked for, so a newer version of this program takes a newer one.
func unless(image, byDefault string) string {
	if image == byDefault {
		return ""
	}
	return image
}
