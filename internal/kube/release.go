package kube

// The release that this source is, and the digest of its image of our own
// containers. `make release-digest` writes both into the commit that gets the
// release's tag, so that plugins and programs with the SDK of that version run
// that image and no other. The values of an earlier release count for no
// later version. Both are empty before the first one.
const (
	releaseVersion = ""
	releaseDigest  = ""
)
