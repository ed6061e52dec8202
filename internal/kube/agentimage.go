package kube

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"runtime/debug"
	"sync"

	"github.com/kubevast/vast/sdk/api"
)

// AgentImageEnv is the variable that names the image of our own containers where no
// option does.
const AgentImageEnv = "VAST_AGENT_IMAGE"

// Set by the linker (-X github.com/kubevast/vast/internal/kube.linkedVersion=v1.2.3).
var (
	// linkedVersion is what is being built, where the module system does not know.
	linkedVersion string
	// linkedAgent is the image of a build for development; a release has none.
	linkedAgent string
)

// module is the one that this package belongs to.
const module = "github.com/kubevast/vast"

// builtVersion is the version of this module in the program.
var builtVersion = sync.OnceValue(func() string {
	if linkedVersion != "" {
		return linkedVersion
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
		if m.Path == module && m.Replace == nil {
			return m.Version
		}
	}
	return ""
})

// DefaultAgentImage is the image of our own containers where no option names one:
// that of the variable AgentImageEnv; or of the release that the program was built
// of, by its digest; or the one that a build for development was linked with. It is
// empty where there is none: an image is never guessed by a version or a tag.
func DefaultAgentImage() string {
	return cmp.Or(os.Getenv(AgentImageEnv), agentOfRelease(builtVersion(), releaseVersion, releaseDigest), linkedAgent)
}

// AgentImageFor is DefaultAgentImage for a program that says its version itself.
func AgentImageFor(version string) string {
	return cmp.Or(os.Getenv(AgentImageEnv), agentOfRelease(cmp.Or(version, builtVersion()), releaseVersion, releaseDigest), linkedAgent)
}

// released is the version of a release, and of nothing in between.
var released = regexp.MustCompile(`^v[0-9]+\.[0-9]+\.[0-9]+$`)

// agentOfRelease is the image of a version; empty for one that is not the release
// whose digest is known.
func agentOfRelease(version, release, digest string) string {
	if !released.MatchString(version) || version != release || digest == "" {
		return ""
	}
	return AgentImage + ":" + release + "@" + digest
}

// CheckAgentImage returns InvalidSpecError where a container of ours is wanted and
// there is no image for it, or none that can be one. Nothing else of a task needs it.
func CheckAgentImage(image string) error {
	if image != "" {
		if err := CheckImage(image); err != nil {
			return api.Invalid("--agent-image", "%v", err)
		}
		return nil
	}
	// A program with the SDK meets it, too: mostly one that replaces the module.
	const give = "give --agent-image (in a Go program the option AgentImage), or set " + AgentImageEnv
	if version := builtVersion(); released.MatchString(version) {
		return api.Invalid("--agent-image", "this build of %s does not know the digest of its image of the containers that bring files and keep results, so it runs none; %s", version, give)
	}
	return api.Invalid("--agent-image", "this build belongs to no release (version %q), so no image of the containers that bring files and keep results belongs to it; %s", cmp.Or(builtVersion(), "unknown"), give)
}

// AgentNotice tells which image our containers run where nobody has named it and
// its digest does not say; else it is empty.
func AgentNotice(given, image string) string {
	if given != "" || os.Getenv(AgentImageEnv) != "" || image == "" || IsPinned(image) {
		return ""
	}
	return fmt.Sprintf("this build belongs to no release: the containers that bring files and keep results run %s; --agent-image or %s names another one", image, AgentImageEnv)
}
