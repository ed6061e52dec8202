package store_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/store/storetest"
	"github.com/kubevast/vast/sdk/api"
)

func TestAnExaminationReportsWhatAStoreLacks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		h     *storetest.Server
		says  string
		loses bool
	}{
		"nothing where it does all":        {h: &storetest.Server{}},
		"that a backslash is a slash":      {&storetest.Server{Fold: func(k string) string { return strings.ReplaceAll(k, `\`, "/") }}, `the names "back\\slash" and "back/slash" are one object`, true},
		"that upper case is lower case":    {&storetest.Server{Fold: strings.ToLower}, `the names "case" and "CASE" are one object`, true},
		"that names are normalised":        {&storetest.Server{Fold: func(k string) string { return strings.ReplaceAll(k, "e\u0301", "\u00e9") }}, `are one object`, true},
		"that a name is changed":           {&storetest.Server{Fold: func(k string) string { return strings.ReplaceAll(k, "%", "_") }}, `is not listed under its name`, true},
		"that the list is not sorted":      {&storetest.Server{Unsorted: true}, "order of the bytes", true},
		"that an object is not replaced":   {&storetest.Server{KeepsFirst: true}, "not found at once", true},
		"that the middle cannot be read":   {&storetest.Server{NoRange: true}, "from the middle on", true},
		"that there are no parts":          {&storetest.Server{NoParts: true}, "put in parts", true},
		"that what was deleted stays":      {&storetest.Server{Undeleted: true}, "what was deleted", true},
		"that hashes are not looked at":    {&storetest.Server{NoHash: true}, "not as its hash says", false},
		"that metadata is lost":            {&storetest.Server{NoMetadata: true}, "metadata", false},
		"that If-None-Match is not heeded": {&storetest.Server{Replaces: true}, "If-None-Match", false},
		"that If-None-Match is not known":  {&storetest.Server{UnknownHeader: true}, "If-None-Match", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lacks, err := connect(t, c.h).Examine(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if c.says == "" && len(lacks) > 0 || c.says != "" && (len(lacks) != 1 || !strings.Contains(lacks[0].What, c.says) || lacks[0].Loses != c.loses || lacks[0].Fix == "") {
				t.Errorf("%+v, want one with %q", lacks, c.says)
			}
			if diff := cmp.Diff(0, c.h.Objects()); diff != "" && !c.h.Undeleted {
				t.Errorf("objects are left (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("but no more than an error where it may not use the bucket", func(t *testing.T) {
		t.Parallel()
		if lacks, err := connect(t, &storetest.Server{Forbidden: true}).Examine(t.Context()); !isKind[*api.ForbiddenError](err) {
			t.Errorf("%+v, %T %v", lacks, err, err)
		}
	})
}
