package kube

import (
	"fmt"

	"github.com/distribution/reference"

	"github.com/kubevast/vast/internal/text"
)

// maxImage is longer than any reference that a registry takes.
const maxImage = 512

// CheckImage returns what is wrong with the name of an image that we run with more
// than a user's rights, for an error to say. One without a tag and a digest may be
// another image tomorrow.
func CheckImage(image string) error {
	const write = "write registry/repository:tag, registry/repository@sha256:... or both"
	named, err := reference.ParseNormalizedNamed(image)
	switch {
	case err != nil || len(image) > maxImage:
		return fmt.Errorf("%q is not a container image: %s", text.Short(image, 300), write)
	case reference.IsNameOnly(named):
		return fmt.Errorf("%q has neither a tag nor a digest: %s", image, write)
	}
	return nil
}

// IsPinned reports whether an image is named by its digest, so that the name
// cannot get another content.
func IsPinned(image string) bool {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return false
	}
	_, pinned := named.(reference.Digested)
	return pinned
}
