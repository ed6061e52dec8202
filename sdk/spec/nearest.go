package spec

import "github.com/kubevast/vast/sdk/internal/yamlfile"

// Nearest returns the candidate that a word was probably meant to be, or "".
func Nearest(word string, candidates []string) string { return yamlfile.Nearest(word, candidates) }

// Below is the path of what a mapping at this path has under a key.
func Below(path, key string) string { return yamlfile.Below(path, key) }
