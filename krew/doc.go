// Package krew holds the templates of the plugins' krew manifests: .krew.yaml
// in the repository's root for vast, where krew-release-bot looks for it, and
// vastvol.yaml here for vastvol. Its tests keep krew's rules for them.
package krew
