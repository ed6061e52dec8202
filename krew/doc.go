// Package krew describes both plugins for krew: their manifests, and the templates of these
// that krew-release-bot renders. Everything is made from Plugins and manifest.tmpl by
// `make krew-templates`; the bot finds the template of vast in the repository's root
// (.krew.yaml), and that of vastvol here. Its tests check krew's rules.
package krew
