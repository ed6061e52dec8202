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

// AgentImageEnv is the environment variable with the image of our own containers, which
// an option overrides.
const AgentImageEnv = "VAST_AGENT_IMAGE"

// Set by the linker (-X github.com/kubevast/vast/internal/kube.linkedVersion=v1.2.3).
var (
	// linkedVersion is the version of a build without one of the module system.
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
// that of the variable AgentImageEnv; or that of the program's release, by its
// digest; or the one that a build for development was linked with. Without any of them
// it is empty: an image is never derived from a version or a tag.
func DefaultAgentImage() string {
	return cmp.Or(os.Getenv(AgentImageEnv), agentOfRelease(builtVersion(), releaseVersion, releaseDigest), linkedAgent)
}

// AgentImageFor is DefaultAgentImage for a program with a given version.
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

// CheckAgentImage returns InvalidSpecError if there is no image for the containers that
// download files and upload results, or if it is not a valid one. Nothing else of a task
// needs it.
func CheckAgentImage(image string) error {
	const option = "AgentImage"
	if image != "" {
		if err := CheckImage(image); err != nil {
			return api.InvalidOption(option, "%v", err)
		}
		return nil
	}
	// Programs with the SDK that replace the module have no release either.
	if version := builtVersion(); released.MatchString(version) {
		return api.InvalidOption(option, "this build of %s has no digest of its agent image, so it runs none; name an image, or set %s", version, AgentImageEnv)
	}
	return api.InvalidOption(option, "this build belongs to no release (version %q), so it has no agent image; name one, or set %s", cmp.Or(builtVersion(), "unknown"), AgentImageEnv)
}

// AgentNotice returns a message with the image of our containers if it was not given and
// it has no digest; otherwise it is empty.
func AgentNotice(given, image string) string {
	if given != "" || os.Getenv(AgentImageEnv) != "" || image == "" || IsPinned(image) {
		return ""
	}
	return fmt.Sprintf("this build belongs to no release: the containers that download files and upload results run %s; %s sets another image", image, AgentImageEnv)
}
