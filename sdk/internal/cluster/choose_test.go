package cluster

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
)

func TestChooseStore(t *testing.T) {
	builtIn := storeRecord{Kind: api.StoreBuiltIn, Endpoint: "https://vast-store.lab.svc:7070", Bucket: "vast", Region: "us-east-1"}
	mirror := builtIn
	mirror.Image = "mirror.example.com/versitygw:v1.8.0"
	pinned := builtIn
	pinned.Image = "mirror.example.com/versitygw@sha256:30292fc2eeacc67a36993b01f7a7a5e3361a19cced0e80c1d71cfa2a4b0a2499"
	plain := builtIn
	plain.Plain, plain.Endpoint = true, "http://vast-store.lab.svc:7070"
	older := storeRecord{Kind: api.StoreBuiltIn, Endpoint: plain.Endpoint, Bucket: "vast", Region: "us-east-1"}
	on, off := true, false
	external := storeRecord{Kind: api.StoreExternal, Endpoint: "https://s3.example.com", Secret: "s3", Bucket: "vast", Region: "us-east-1"}
	moved := external
	read := external
	read.ReaderSecret = "s3-reader"
	moved.Bucket, moved.Region = "results", "eu-west-1"
	for name, tc := range map[string]struct {
		o        api.StoreOptions
		recorded storeRecord
		given    string // by administrators, before
		want     storeRecord
		problems []string
	}{
		"nothing said takes the built-in one":   {want: builtIn},
		"what was set up before stays":          {recorded: mirror, given: mirror.Image, want: mirror},
		"an image of a record alone is no word": {recorded: mirror, want: builtIn},
		"an image stays without a record":       {given: mirror.Image, want: mirror},
		"the default is not asked for":          {o: api.StoreOptions{Image: storeImage}, given: mirror.Image, want: builtIn},
		"an image by its digest":                {o: api.StoreOptions{Image: pinned.Image}, recorded: builtIn, want: pinned},
		"an image without a tag is refused":     {o: api.StoreOptions{Image: "mirror.example.com/versitygw"}, problems: []string{`StoreImage: "mirror.example.com/versitygw" has neither a tag nor a digest`}},
		"a kind that there is not":              {recorded: storeRecord{Kind: "\x1b[2J"}, problems: []string{`NoStore: the record of the setup has a store of the kind "\x1b[2J"`}},
		"a region that is none":                 {o: api.StoreOptions{Region: "a b"}, recorded: external, problems: []string{`StoreRegion: "a b" cannot be a region`}},
		"an own S3 stays, too":                  {recorded: external, want: external},
		"no store stays no store":               {recorded: storeRecord{Kind: api.StoreNone}, want: storeRecord{Kind: api.StoreNone}},
		"an image of the built-in one":          {o: api.StoreOptions{Image: mirror.Image}, recorded: builtIn, want: mirror},
		"an endpoint and a Secret":              {o: api.StoreOptions{Endpoint: external.Endpoint, Secret: "s3"}, recorded: builtIn, want: external},
		"only the bucket of an own S3 changes":  {o: api.StoreOptions{Bucket: "results", Region: "eu-west-1"}, recorded: external, want: moved},
		"TLS is there without being asked for":  {recorded: older, want: builtIn},
		"TLS that was not wanted stays away":    {recorded: plain, want: plain},
		"TLS can be given up":                   {o: api.StoreOptions{TLS: &off}, recorded: builtIn, want: plain},
		"TLS can be taken again":                {o: api.StoreOptions{TLS: &on}, recorded: plain, want: builtIn},
		"TLS of an own S3 is in its endpoint":   {o: api.StoreOptions{TLS: &on}, recorded: external, problems: []string{"StoreTLS: is for the built-in store"}},
		"readers of an own S3 have their own":   {o: api.StoreOptions{ReaderSecret: "s3-reader"}, recorded: external, want: read},
		"readers of an own S3 stay":             {recorded: read, want: read},
		"a reader's Secret without an own S3":   {o: api.StoreOptions{ReaderSecret: "x"}, problems: []string{"StoreReaderSecret: applies only to"}},
		"a reader's Secret of our own name":     {o: api.StoreOptions{ReaderSecret: "vast-store-reader"}, recorded: external, problems: []string{`StoreReaderSecret: must not be "vast-store-reader"`}},
		"a writer's Secret of our root's name":  {o: api.StoreOptions{Endpoint: "https://x", Secret: "vast-store-root"}, problems: []string{`StoreSecret: must not be "vast-store-root"`}},
		"back to the built-in one":              {o: api.StoreOptions{Kind: api.StoreBuiltIn}, recorded: external, want: builtIn},
		"no store after all":                    {o: api.StoreOptions{Kind: api.StoreNone}, recorded: builtIn, want: storeRecord{Kind: api.StoreNone}},
		"no store and an endpoint cannot be":    {o: api.StoreOptions{Kind: api.StoreNone, Endpoint: "https://x"}, problems: []string{"StoreEndpoint: applies only to"}},
		"an image beside an own S3 is no use":   {o: api.StoreOptions{Image: "x"}, recorded: external, problems: []string{"StoreImage: is for the built-in store"}},
		"a bucket without an own S3 is no use":  {o: api.StoreOptions{Bucket: "b"}, problems: []string{"StoreBucket: applies only to"}},
		"credentials in the URL are refused":    {o: api.StoreOptions{Endpoint: "https://me:secret@s3.example.com", Secret: "s3"}, problems: []string{"StoreEndpoint: must hold no credentials"}},
		"a Secret of our own name is refused":   {o: api.StoreOptions{Endpoint: "https://x", Secret: "vast-store"}, problems: []string{`StoreSecret: must not be "vast-store"`}},
		"a path in the URL is refused":          {o: api.StoreOptions{Endpoint: "https://x/bucket", Secret: "s3"}, problems: []string{"StoreEndpoint: must be the URL of an S3 without a path"}},
		"every problem of an own S3 is at once": {o: api.StoreOptions{Endpoint: "ftp://x", Secret: "A_B", Bucket: "B"}, problems: []string{"StoreEndpoint: must be", `StoreSecret: "A_B" cannot`, `StoreBucket: "B" cannot`}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := chooseStore(tc.o, tc.recorded, tc.given, "lab")
			if len(tc.problems) > 0 {
				says(t, err, tc.problems...)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("store (-want +got):\n%s", diff)
			}
		})
	}
}

// says checks that an error is an InvalidSpecError of exactly these problems, each
// by its beginning.
func says(t *testing.T, err error, problems ...string) {
	t.Helper()
	var invalid *api.InvalidSpecError
	if !errors.As(err, &invalid) {
		t.Fatalf("error is %v, not InvalidSpec", err)
	}
	if len(invalid.Problems) != len(problems) {
		t.Errorf("%d problems, want %d:\n%v", len(invalid.Problems), len(problems), err)
	}
	for _, p := range problems {
		if !strings.Contains("\n"+err.Error(), "\n"+p) {
			t.Errorf("no problem begins with %q:\n%v", p, err)
		}
	}
}
