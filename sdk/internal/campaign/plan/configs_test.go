package plan

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/campaigntest"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

// long has so many configurations, each with a parameter of so many bytes.
func long(n, size int) *variation.Configs {
	return variation.From(n, func(yield func(variation.Config) bool) {
		for i := range n {
			c := variation.Config{Name: fmt.Sprintf("c-%d", i), Parameters: []spec.Parameter{
				{Name: "text", Value: strings.Repeat("x", size)}, {Name: "lines", Value: "a\n- name: b\n\nc\n"}, {Name: "list", Value: []any{int64(i), 2.0, nil}}}}
			if !yield(c) {
				return
			}
		}
	})
}

func TestConfigurationsAreTheSameWhetherKeptOrMadeAnew(t *testing.T) {
	const n = 50
	c := &Configurations{Configs: long(n, keptConfigurations/20)}
	var first []configuration
	for one := range c.each() {
		first = append(first, *one)
		if len(first) == 3 {
			break // as who looks at some of them
		}
	}
	for range 2 {
		var got []string
		for one := range c.each() {
			got = append(got, one.Name)
			if i := len(got) - 1; i < len(first) && one.text != first[i].text {
				t.Errorf("%s has changed", one.Name)
			}
		}
		var want []string
		for i := range n {
			want = append(want, fmt.Sprintf("c-%d", i))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want,+got):\n%s", diff)
		}
	}
	if len(c.kept) < 3 || len(c.kept) > 20 || c.size > keptConfigurations*2 {
		t.Errorf("%d of them are kept, %d bytes", len(c.kept), c.size)
	}
}

func TestConfigurationsComeBackFromTheStore(t *testing.T) {
	c := &Configurations{Configs: long(3, 10)}
	marshal := func(c *Configurations) []byte {
		data, err := c.marshal(t.Context(), record.MaxConfigurations)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	data := marshal(c)
	back, err := ParseConfigurations(data)
	if err != nil || back.Len() != 3 {
		t.Fatalf("%d of them: %v", back.Len(), err)
	}
	for range 2 {
		if diff := cmp.Diff(string(data), string(marshal(&Configurations{Configs: back.Configs}))); diff != "" {
			t.Errorf("written again (-want,+got):\n%s", diff)
		}
	}
	for name, text := range map[string]string{"no list": "a: b\n", "no YAML": "- name: [\n", "words": "words\n- name: a\n"} {
		if _, err := ParseConfigurations([]byte(text)); err == nil {
			t.Errorf("%s is read", name)
		}
	}
}

func TestAListOfConfigurationsThatIsNotItsRecordsIsRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		record []string
		want   string
	}{
		"the same":             {[]string{"c-0", "c-1"}, ""},
		"the record has more":  {[]string{"c-0", "c-1", "c-2"}, "c-2"},
		"the record has less":  {[]string{"c-0"}, "c-1"},
		"they are not alike":   {[]string{"c-0", "b"}, "c-1"},
		"the order is another": {[]string{"c-1", "c-0"}, "c-0"},
	} {
		t.Run(name, func(t *testing.T) {
			p := &Plan{Record: &layout.Record{ID: "x", Configs: tt.record, Runs: 1}, configs: &Configurations{Configs: long(2, 1)}}
			err := p.Matches()
			if tt.want == "" && err != nil || tt.want != "" && (!api.IsConflict(err) || !strings.HasSuffix(err.Error(), fmt.Sprintf("they differ in %q", tt.want))) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
	t.Run("of a rerun each that is run is there", func(t *testing.T) {
		s := campaigntest.Small(t)
		_, err := New(&s.Execution, &Configurations{Configs: long(2, 1)}, &layout.Record{ID: "x", Name: "x", Image: "busybox", AgentImage: "agent:test", RunsPerJob: 1,
			Selected: []layout.RunRef{{Config: "c-1"}, {Config: "c-2"}}})
		if !api.IsConflict(err) || !strings.Contains(err.Error(), `"c-2"`) {
			t.Errorf("error %v", err)
		}
	})
}

func TestALoopOverAllConfigurationsEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	made := 0
	endless := variation.From(1<<30, func(yield func(variation.Config) bool) {
		for one := range long(1<<30, 1).All() {
			if made++; made == 10 {
				cancel()
			}
			if made == 1000 || !yield(one) {
				return
			}
		}
	})
	s := &spec.Campaign{Execution: spec.Execution{Image: "busybox", Runs: 1, Command: "true", RunsPerJob: 1}}
	for name, do := range map[string]func() error{
		"the file of them": func() error {
			_, err := (&Configurations{Configs: endless}).marshal(ctx, record.MaxConfigurations)
			return err
		},
		"the warnings": func() error { _, err := lostVariables(ctx, endless); return err },
		"the Jobs": func() error {
			p, err := New(&s.Execution, &Configurations{Configs: endless}, &layout.Record{ID: "x", Name: "x", Image: "busybox", AgentImage: "agent:test", Runs: 1, RunsPerJob: 1})
			if err != nil {
				return err
			}
			for _, err := range until(ctx, p.Jobs()) {
				if err != nil {
					return err
				}
			}
			return nil
		},
	} {
		ctx, cancel = context.WithCancel(t.Context())
		made = 0
		if err := do(); !errors.Is(err, context.Canceled) || made != 10 {
			t.Errorf("%s: error %v after %d", name, err, made)
		}
		cancel()
	}
}

func TestConfigurationsThatCannotBeReadBackAreRefused(t *testing.T) {
	_, err := (&Configurations{Configs: long(100, 100<<10)}).marshal(t.Context(), 1<<20)
	if invalid := (*api.InvalidSpecError)(nil); !errors.As(err, &invalid) || !strings.Contains(err.Error(), "the 100 configurations have more than 1 MiB of parameters") {
		t.Errorf("error %v", err)
	}
}
