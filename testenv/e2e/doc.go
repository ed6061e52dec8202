// Package e2e holds the tests that run the two plugins, as a user would,
// against a real cluster. See harness_test.go for how.
package e2e
