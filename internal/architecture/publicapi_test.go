package architecture

import "testing"

// maxIdentifiers is how many identifiers the public packages may export.
const maxIdentifiers = 400

func TestThePublicPackagesStaySmall(t *testing.T) {
	all, err := PublicAPI(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, api := range all {
		n += api.Identifiers
		t.Logf("%s: %d identifiers, %d methods", api.Package, api.Identifiers, api.Methods)
	}
	if len(all) == 0 || n > maxIdentifiers {
		t.Errorf("%d public packages export %d identifiers; at most %d are allowed: unexport some, or move them below sdk/internal", len(all), n, maxIdentifiers)
	}
}
