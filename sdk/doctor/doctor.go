// Package doctor checks what the commands need of a cluster, and says what to
// do where something is missing.
package doctor
