package e2e_test

import (
	"testing"

	"github.com/kubevast/vast/internal/store/storetest"
)

// It takes long, most of the time waiting, so it has a test of its own, which
// begins early.
func TestTheStoreInTheClusterKeepsTheRulesOfPackageStore(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vast("cluster", "setup", "kind").exits(0)
	storetest.Conformance(t, p.store())
}
