package kube

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/kubevast/vast/sdk/api"
)

const aDigest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// What the release step wrote is a version with a digest, or nothing.
func TestTheReleaseIsPinned(t *testing.T) {
	none := releaseVersion == "" && releaseDigest == ""
	if !none && (!released.MatchString(releaseVersion) || !regexp.MustCompile(`^sha256:[0-9a-f]{64}$`).MatchString(releaseDigest)) {
		t.Errorf("version %q, digest %q", releaseVersion, releaseDigest)
	}
}

func TestAReleaseRunsItsImageByDigestAndNoneElse(t *testing.T) {
	for name, tc := range map[string]struct{ version, release, digest, want string }{
		"the release itself":                    {"v1.2.3", "v1.2.3", aDigest, "ghcr.io/kubevast/agent:v1.2.3@" + aDigest},
		"a release whose digest is not known":   {"v1.2.3", "", "", ""},
		"a release with another one's digest":   {"v1.2.4", "v1.2.3", aDigest, ""},
		"what came after it":                    {"v1.2.4-0.20261129061500-6eabc0a00000", "v1.2.3", aDigest, ""},
		"what came after it, as git says it":    {"v1.2.3-4-g6eabc0a", "v1.2.3", aDigest, ""},
		"a changed work tree":                   {"v1.2.3+dirty", "v1.2.3", aDigest, ""},
		"a build of no version":                 {"(devel)", "v1.2.3", aDigest, ""},
		"nothing known, and nothing released":   {"", "", "", ""},
		"a candidate is not a release":          {"v1.2.3-rc.1", "v1.2.3-rc.1", aDigest, ""},
		"a version that only begins like it is": {"v1.2.3 ", "v1.2.3", aDigest, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := agentOfRelease(tc.version, tc.release, tc.digest); got != tc.want {
				t.Errorf("image %q, want %q", got, tc.want)
			}
		})
	}
}

func TestWhichAgentImageIsTaken(t *testing.T) {
	was := linkedAgent
	defer func() { linkedAgent = was }()
	linkedAgent = AgentImage + ":dev"
	if got := DefaultAgentImage(); got != linkedAgent {
		t.Errorf("a build for development takes %q", got)
	}
	if got := AgentNotice("", linkedAgent); !strings.Contains(got, "this build belongs to no release") || !strings.Contains(got, linkedAgent) {
		t.Errorf("message %q", got)
	}
	for name, quiet := range map[string][2]string{"an image that was given": {"mirror/agent:1", "mirror/agent:1"}, "a digest": {"", AgentImage + "@" + aDigest}, "none": {"", ""}} {
		if got := AgentNotice(quiet[0], quiet[1]); got != "" {
			t.Errorf("%s: message %q", name, got)
		}
	}
	linkedAgent = ""
	if got := DefaultAgentImage(); got != "" {
		t.Errorf("a build of no release guesses %q", got)
	}
	t.Setenv(AgentImageEnv, "mirror.example.com/agent@"+aDigest)
	if got := AgentImageFor("v1.2.3"); got != "mirror.example.com/agent@"+aDigest {
		t.Errorf("the variable gives %q", got)
	}
}

func TestAnImageForOurContainers(t *testing.T) {
	for image, want := range map[string]string{
		"mirror.example.com:5000/agent:v1":         "",
		"mirror.example.com/agent@" + aDigest:      "",
		"ghcr.io/kubevast/agent:v1.2.3@" + aDigest: "",
		"":                              "this build belongs to no release",
		"mirror.example.com:5000/agent": "has neither a tag nor a digest",
		"A\x1b[2J":                      `"A\x1b[2J" is not a container image`,
		"agent@sha256:0123":             "is not a container image",
	} {
		err := CheckAgentImage(image)
		if want == "" && err != nil || want != "" && (!errors.As(err, new(*api.InvalidSpecError)) || !strings.HasPrefix(err.Error(), "AgentImage: ") || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: error %v, want %q", image, err, want)
		}
	}
}
