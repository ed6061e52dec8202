// Package sharetest tests implementations of share.ShareProvider against a real server:
// plain operations, and faults that a proxy in front of the server causes.
//
// Whatever happens, the name on the share is absent or whole, an old archive of that
// name is kept until the new one is complete, and after a retry nothing is left
// behind.
package sharetest

import (
	"slices"
	"testing"
	"time"

	"github.com/kubevast/vast/sdk/share"
)

// Options describe a provider under test and its server.
type Options struct {
	// Open returns a provider of the share whose server is reached at address,
	// "127.0.0.1:4711"; that is a proxy's, or Address itself. The share exists. Run
	// calls it often, and closes what it returns. The provider waits for a silent server
	// for Stall.
	Open func(t testing.TB, address string) share.ShareProvider
	// Address is where the server listens, without TLS. Empty for a provider without a
	// server; no faults are tested then.
	Address string
	// HTTP: the server's protocol is HTTP. The proxy also answers in the server's
	// place then.
	HTTP bool
	// Stall is how long the provider waits for a server that sends and takes nothing, as
	// Open sets it up. 0 omits the tests of stalls.
	Stall time.Duration
	// Files lists the share's files on the server's disk, unfinished ones and files
	// outside of the share's folder that an upload leaves included. Nil: only what the
	// provider lists is examined.
	Files func(t testing.TB) []string
	// MakeFolder makes a folder on the share. Nil if a share of this type has no folders.
	MakeFolder func(t testing.TB, name string)
	// Full describes a share of the type whose disk holds between 1 and 8 MiB. Nil
	// omits the test of a full disk. Of its fields Open, Address and Files are used.
	Full *Options
	// Secrets are parts of credentials, which no error may contain.
	Secrets []string
	// Many is the number of archives that the test of long listings stores. 0 means 1,100.
	Many int
	// Only, if not empty, has the names of the tests to run.
	Only []string
	// Skip has the names of tests that do not apply, each with the reason.
	Skip map[string]string
}

// Memory is the name of the test that measures the heap: it fails if something else in the
// process needs memory at the same time.
const Memory = "memory is bounded"

// test is one of the suite.
type test struct {
	name string
	run  func(s *suite)
	// needs reports whether the options have what the test needs. Nil: always.
	needs func(o Options) bool
}

// Run tests a provider. Several may run in parallel, except for Memory, which measures the
// heap of the process.
func Run(t *testing.T, o Options) {
	t.Helper()
	all := tests()
	known := map[string]bool{}
	for _, one := range all {
		known[one.name] = true
		if len(o.Only) > 0 && !slices.Contains(o.Only, one.name) {
			continue
		}
		t.Run(one.name, func(t *testing.T) {
			if why := o.Skip[one.name]; why != "" {
				t.Skip(why)
			}
			if one.needs != nil && !one.needs(o) {
				t.Skip("the options have no server of this kind")
			}
			one.run(newSuite(t, o))
		})
	}
	for _, name := range o.Only {
		if !known[name] {
			t.Errorf("Only names %q, which is no test of the suite", name)
		}
	}
	for name := range o.Skip {
		if !known[name] {
			t.Errorf("Skip names %q, which is no test of the suite", name)
		}
	}
}

func tests() []test { return slices.Concat(plainTests(), largeTests(), cutTests(), httpTests()) }
