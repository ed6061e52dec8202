// Package walls holds the tests of the trust model: a namespace is the wall
// between tenants, a user's container holds no credential of ours, nothing that
// a tenant can write decides what happens outside its namespace, and who may
// only read can only read.
//
// A test puts a canary, a random text, where a secret would be,
// and looks for it wherever a user with fewer rights can look: see
// searchEverywhere. To run some of them:
//
//	cd testenv && go test -count=1 -v -run 'Wall09' ./e2e/walls
package walls
