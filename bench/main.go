// Command bench measures kubevast against kubectl and the bare API: on one
// cluster, in one run, in turns, so that both sides meet the same machine. It
// prints a table and writes results.md; see README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second Ctrl-C ends the cleaning up, too.
	context.AfterFunc(ctx, stop)
	run := bench
	if len(os.Args) > 1 && helpers[os.Args[1]] != nil {
		run = helper
	}
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// measures are all that can be measured, in the order of the table.
var measures = []struct {
	name string
	run  func(context.Context, *env) ([]figure, error)
}{
	{"submit", measureSubmit},
	{"list", measureList},
	{"queue", measureQueue},
	{"logs", measureLogs},
	{"start", measureStart},
	{"firstline", measureFirstLine},
	{"setup", measureSetup},
	{"transfer", measureTransfer},
	{"share", measureShare},
	{"large", measureLarge},
	{"archive", measureArchive},
	{"expand", measureExpand},
	{"campaign", measureCampaign},
	{"workflow", measureWorkflow},
	{"history", measureHistory},
}

// bench measures and reports. A bound that is missed is no error: the table
// says so. What could not be measured is one.
func bench(ctx context.Context) error {
	var o options
	o.add(flag.CommandLine)
	flag.Parse()
	chosen, err := o.choose()
	if err != nil {
		return err
	}
	e, err := newEnv(o)
	if err != nil {
		return err
	}
	r, err := newReport(ctx, e)
	if err != nil {
		return err
	}
	var errs []error
	for _, m := range measures {
		if !chosen[m.name] || ctx.Err() != nil {
			continue
		}
		e.progress("%s ...", m.name)
		figures, err := m.run(ctx, e)
		r.figures = append(r.figures, figures...)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", m.name, err))
			r.failed = append(r.failed, m.name+" could not be measured")
		}
	}
	if ctx.Err() != nil {
		return errors.Join(errors.New("interrupted; nothing is written"), errors.Join(errs...))
	}
	r.end()
	r.print(os.Stdout)
	if o.out != "" {
		errs = append(errs, os.WriteFile(o.out, r.markdown(), 0o644))
	}
	return errors.Join(errs...)
}

// options are the flags.
type options struct {
	bin, kubeconfig, kubectl, image, only, out string
	// cache is that of testenv.
	cache string
}

func (o *options) add(f *flag.FlagSet) {
	f.StringVar(&o.bin, "bin", "../bin", "folder with kubectl-vast")
	f.StringVar(&o.kubeconfig, "kubeconfig", "", "kubeconfig of the cluster (default: $VAST_TEST_KUBECONFIG, else that of testenv)")
	f.StringVar(&o.kubectl, "kubectl", "", "the kubectl to compare with (default: that of testenv, else the one on the PATH)")
	f.StringVar(&o.image, "image", "python:3.13-slim", "image of the tasks; it has sh and python3")
	f.StringVar(&o.only, "only", "", "measure only these, separated by commas: "+strings.Join(names(), ", "))
	f.StringVar(&o.out, "o", "", "file for the table (default: results.md, none with -only)")
}

func names() []string {
	var out []string
	for _, m := range measures {
		out = append(out, m.name)
	}
	return out
}

// choose fills in the defaults that depend on the machine, and returns what is
// to be measured.
func (o *options) choose() (map[string]bool, error) {
	if o.out == "" && o.only == "" {
		o.out = "results.md"
	}
	chosen := map[string]bool{}
	wanted := names()
	if o.only != "" {
		wanted = strings.Split(o.only, ",")
	}
	for _, name := range wanted {
		if !slices.Contains(names(), name) {
			return nil, fmt.Errorf("-only: %q is not one of %s", name, strings.Join(names(), ", "))
		}
		chosen[name] = true
	}
	cache := os.Getenv("VAST_CACHE")
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return nil, err
		}
		cache = filepath.Join(user, "kubevast")
	}
	o.cache = cache
	if o.kubeconfig == "" {
		o.kubeconfig = os.Getenv("VAST_TEST_KUBECONFIG")
	}
	if o.kubeconfig == "" {
		o.kubeconfig = filepath.Join(cache, "testenv", "clusters", "vast", "kubeconfig")
	}
	if o.kubectl == "" {
		o.kubectl = filepath.Join(cache, "testenv", "bin", "kubectl")
		if _, err := os.Stat(o.kubectl); err != nil {
			o.kubectl = "kubectl"
		}
	}
	return chosen, nil
}
