//go:build !unix

package pack

// nonblock is nothing where folders hold no pipes.
const nonblock = 0
