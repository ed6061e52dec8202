//go:build stores

package stores

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/internal/store/storetest"
	"github.com/kubevast/vast/testenv/internal/cache"
)

const (
	bucket = "vast"
	// patience is enough for a server that starts, and short for one that answers
	// 500 to what it will never do.
	patience = 30 * time.Second
)

// rule is one of package storetest, or of a store alone.
type rule struct {
	name   string
	broken func(ctx context.Context, r *running) []string
}

func rules() []rule {
	all := []rule{{noneRule, abortNone}, {abortRule, aborts}, {examineRule, examine}, {historyRule, compactions}}
	for _, r := range storetest.Rules() {
		all = append(all, rule{r.Name, func(ctx context.Context, s *running) []string { return r.Broken(ctx, s.store) }})
	}
	return all
}

// TestStores holds each server to each rule. What does not hold is known, with a
// sentence in docs/cluster.md; one that begins to hold fails, too, so that the
// sentence goes.
func TestStores(t *testing.T) {
	docs, err := os.ReadFile(filepath.Join("..", "..", "docs", "cluster.md"))
	if err != nil {
		t.Fatal(err)
	}
	table := newTable()
	for _, s := range servers { // one at a time: they take what the machine has
		t.Run(s.name, func(t *testing.T) {
			field := strings.Fields(s.name)
			if !strings.Contains(string(docs), strings.Join(field[:2], " ")) {
				t.Errorf("docs/cluster.md does not name %s", s.name)
			}
			r := start(t, s)
			for _, rule := range rules() {
				t.Run(rule.name, func(t *testing.T) {
					problems := rule.broken(t.Context(), r)
					why, known := s.broken[rule.name]
					table.set(rule.name, s.name, len(problems) == 0)
					switch {
					case known && len(problems) == 0:
						t.Errorf("it holds now; docs/cluster.md says otherwise: %s", why)
					case known && !strings.Contains(string(docs), why):
						t.Errorf("docs/cluster.md does not say: %s", why)
					case known:
						t.Logf("known: %s: %q", why, problems)
					case len(problems) > 0:
						t.Error(strings.Join(problems, "\n"))
					}
				})
			}
		})
	}
	t.Logf("\n%s", table)
}

// running is a server that has been started.
type running struct {
	server
	store *store.Store
	s3    *minio.Core
}

func start(t *testing.T, s server) *running {
	t.Helper()
	artefact, err := s.module.Artefact("..")
	if err != nil {
		t.Fatal(err)
	}
	built, err := cache.Open()
	if err != nil {
		t.Fatal(err)
	}
	programs, err := built.Get(t.Context(), artefact, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	port, err := freePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	args, env, err := s.command(t.Context(), dir, port)
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), filepath.Join(programs, s.file), args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, append(os.Environ(), env...), log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		said, _ := os.ReadFile(log.Name())
		if t.Failed() {
			t.Logf("the server said last:\n%s", said[max(0, len(said)-4000):])
		}
	})
	c := store.Config{Endpoint: "http://127.0.0.1:" + port, Bucket: bucket, AccessKey: accessKey, SecretKey: secretKey}
	r := &running{server: s}
	if r.store, err = store.Connect(c, store.WithPatience(patience)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.store.Close)
	at, err := url.Parse(c.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	if r.s3, err = minio.NewCore(at.Host, &minio.Options{Creds: credentials.NewStaticV4(accessKey, secretKey, ""), Region: "us-east-1"}); err != nil {
		t.Fatal(err)
	}
	r.await(t)
	return r
}

// await makes the bucket as soon as the server does.
func (r *running) await(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute) // of a machine that does much else
	for {
		err := r.store.EnsureBucket(t.Context())
		if err == nil {
			// SeaweedFS has buckets before it has room for objects.
			err = r.store.Probe(t.Context())
		}
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("it did not start: %v", err)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func abortNone(ctx context.Context, r *running) []string {
	if err := r.store.AbortUploads(ctx, "cut/"); err != nil {
		return []string{err.Error()}
	}
	return nil
}

func aborts(ctx context.Context, r *running) (problems []string) {
	ids := map[string]string{}
	for _, key := range []string{"cut/a/1", "cut/b/1", "cut/b/2", "cut/b/ü +%41", "cut/bc", "cut/c.tar"} {
		id, err := r.s3.NewMultipartUpload(ctx, bucket, key, minio.PutObjectOptions{})
		if err == nil {
			_, err = r.s3.PutObjectPart(ctx, bucket, key, id, 1, strings.NewReader("part"), 4, minio.PutObjectPartOptions{})
		}
		if err != nil {
			return []string{err.Error()}
		}
		ids[key] = id
	}
	if err := r.store.AbortUploads(ctx, "cut/b/", "cut/none/", "cut/c."); err != nil {
		return []string{err.Error()}
	}
	for key, id := range ids {
		_, err := r.s3.ListObjectParts(ctx, bucket, key, id, 0, 10)
		gone := minio.ToErrorResponse(err).Code == minio.NoSuchUpload
		if err != nil && !gone {
			problems = append(problems, err.Error())
		}
		if wanted := strings.HasPrefix(key, "cut/b/") || key == "cut/c.tar"; gone != wanted {
			problems = append(problems, fmt.Sprintf("upload of %s: given up: %v", key, gone))
		}
		if !gone {
			_ = r.s3.AbortMultipartUpload(ctx, bucket, key, id) // it goes with the server
		}
	}
	return problems
}

func examine(ctx context.Context, r *running) (problems []string) {
	lacks, err := r.store.Examine(ctx)
	if err != nil {
		return []string{err.Error()}
	}
	for i, lack := range lacks {
		if i >= len(r.lacks) || !strings.HasPrefix(lack.What, r.lacks[i]) {
			problems = append(problems, fmt.Sprintf("it lacks: %+v", lack))
		}
	}
	if len(lacks) < len(r.lacks) {
		problems = append(problems, fmt.Sprintf("it lacks %+v, and not %q", lacks, r.lacks))
	}
	for o, err := range r.store.List(ctx, "probes/", store.ListOptions{}) {
		problems = append(problems, fmt.Sprintf("left: %s, %v", o.Key, err))
	}
	return problems
}

// table is what is printed: which server keeps which rule.
type table struct {
	rules, server []string
	holds         map[[2]string]bool
}

func newTable() *table { return &table{holds: map[[2]string]bool{}} }

func (t *table) set(rule, server string, holds bool) {
	if !slices.Contains(t.rules, rule) {
		t.rules = append(t.rules, rule)
	}
	if !slices.Contains(t.server, server) {
		t.server = append(t.server, server)
	}
	t.holds[[2]string{rule, server}] = holds
}

func (t *table) String() string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "| rule | %s |\n|---|%s\n", strings.Join(t.server, " | "), strings.Repeat("---|", len(t.server)))
	for _, rule := range t.rules {
		fmt.Fprintf(&b, "| %s |", rule)
		for _, server := range t.server {
			word := "no"
			if t.holds[[2]string{rule, server}] {
				word = "yes"
			}
			fmt.Fprintf(&b, " %s |", word)
		}
		b.WriteString("\n")
	}
	return b.String()
}
