// Package architecture checks the structure of the repository: which package
// may import which, what each binary links, what the public packages export,
// and what source text must not contain. The checks are this package's tests;
// go run ./internal/architecture/publicapi prints what they export.
package architecture
