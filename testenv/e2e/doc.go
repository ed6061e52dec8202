// Package e2e holds the tests that run the two plugins, as a user would,
// against a real cluster. `make test-e2e` runs them; to run some of them:
//
//	cd testenv && go test -count=1 -v -run 'Volume' ./e2e
//
// Each test works in a namespace of its own, ten side by side. Only those of
// disturbance_test.go run alone, before all others, since they kill a machine
// and the API server. VAST_CLUSTER_NAME=other runs everything on another
// cluster than the usual one.
package e2e
