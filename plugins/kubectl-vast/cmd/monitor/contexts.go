package monitor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

// patience is how long the others wait for what one of several contexts
// answers. It may still answer later.
const patience = 10 * time.Second

// view is what is seen through one context.
type view struct {
	*cli.Factory
	// context is empty when only one is looked at.
	context string
	client  cli.Client
	// list is what was seen last; err is why there is nothing newer.
	list *api.CampaignList
	err  error
	// late is a look that the others have not waited for.
	late chan looked
}

type looked struct {
	list *api.CampaignList
	err  error
}

func (v *view) suffix() string {
	if v.context == "" {
		return ""
	}
	return " of context " + v.context
}

// views are one for each context. One that the kubeconfig lacks is an error, as
// it is with --context.
func (o *Options) views() ([]*view, error) {
	if len(o.contexts) == 0 {
		client, err := o.Client()
		return []*view{{Factory: o.Factory, client: client}}, err
	}
	var views []*view
	var err error
	for _, name := range o.contexts {
		v := &view{Factory: o.ForContext(name), context: name}
		if v.client, err = v.Client(); err != nil {
			return nil, err
		}
		views = append(views, v)
	}
	return views, nil
}

// lookAll looks through all contexts at the same time. Where there is only one,
// the first look must not fail. An id has to be known in one of them.
func lookAll(ctx context.Context, views []*view, o api.CampaignListOptions, once bool) error {
	var all sync.WaitGroup
	for _, v := range views {
		all.Go(func() { v.look(ctx, o, once) })
	}
	all.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var missing []error
	seen := map[string]bool{}
	for _, v := range views {
		var notFound *api.NotFoundError
		switch {
		case errors.As(v.err, &notFound) && v.list != nil:
			missing = append(missing, v.err)
			v.err = nil
		case len(views) == 1 && v.err != nil && (v.list == nil || !passing(v.err)):
			return v.err
		}
		if v.list != nil {
			for i := range v.list.Items {
				seen[v.list.Items[i].ID] = true
			}
		}
	}
	if len(missing) == len(views) || len(missing) > 0 && len(seen) < len(o.Refs) {
		return missing[0]
	}
	return nil
}

// passing reports an error that may be gone at the next look.
func passing(err error) bool {
	var unavailable *api.UnavailableError
	return errors.As(err, &unavailable) || errors.Is(err, context.DeadlineExceeded)
}

// look looks through one context. Where there are others it does not hold them
// up, unless they have nothing else to wait for.
func (v *view) look(ctx context.Context, o api.CampaignListOptions, once bool) {
	if v.late == nil {
		v.late = make(chan looked, 1)
		go func(to chan<- looked) {
			list, err := v.client.Campaigns().List(ctx, o)
			to <- looked{list, err}
		}(v.late)
	}
	var enough <-chan time.Time
	if v.context != "" && !once {
		enough = time.After(patience)
	}
	select {
	case now := <-v.late:
		v.late = nil
		v.take(now)
	case <-enough:
		v.err = &api.UnavailableError{Message: fmt.Sprintf("no answer within %s", patience)}
	}
}

func (v *view) take(now looked) {
	v.err = now.err
	if now.list == nil {
		return
	}
	if v.context != "" {
		for i := range now.list.Items {
			now.list.Items[i].Context = v.context
		}
	}
	v.list = now.list
}

// nothing reports that no campaign was found anywhere.
func nothing(views []*view) bool {
	return !slices.ContainsFunc(views, func(v *view) bool { return v.list != nil && len(v.list.Items) > 0 })
}

// allEnded reports that nothing will change any more.
func allEnded(views []*view) bool {
	return !slices.ContainsFunc(views, func(v *view) bool {
		return v.err != nil || v.list == nil || slices.ContainsFunc(v.list.Items, func(c api.Campaign) bool { return !c.State.Ended() })
	})
}

// unreachable is the error of the contexts that could not be looked at. It has
// been shown already.
func unreachable(views []*view) error {
	code := cli.CodeDone
	for _, v := range views {
		code = max(code, cli.ExitCode(v.err))
	}
	if code == cli.CodeDone {
		return nil
	}
	return &cli.ExitError{Code: code}
}

// joined is one list of what was seen through all contexts.
func joined(views []*view) *api.CampaignList {
	out := &api.CampaignList{TypeMeta: api.TypeMeta[api.CampaignList](), Items: []api.Campaign{}}
	for _, v := range views {
		if v.err != nil {
			out.Items = append(out.Items, api.Campaign{TypeMeta: api.TypeMeta[api.Campaign](), Context: v.context, Unreachable: v.err.Error()})
			continue
		}
		out.Items = append(out.Items, v.list.Items...)
	}
	return out
}

func completeContexts(f *cli.Factory) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		raw, err := f.Config.ToRawKubeConfigLoader().RawConfig()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return slices.Sorted(maps.Keys(raw.Contexts)), cobra.ShellCompDirectiveNoFileComp
	}
}
