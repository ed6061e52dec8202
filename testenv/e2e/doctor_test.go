package e2e_test

import (
	"cmp"
	"encoding/json"
	"strings"
	"testing"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubevast/vast/sdk/api"
)

// doctor is what the doctor reports, with the exit code that it must have.
func (p *person) doctor(code int, args ...string) map[string]api.Check {
	p.Helper()
	r := p.vast(append([]string{"doctor", "-o", "json"}, args...)...).exits(code)
	report := &api.DoctorReport{}
	if err := json.Unmarshal([]byte(r.stdout), report); err != nil {
		p.Fatalf("%s: %v\n%s", r.command, err, r.stdout)
	}
	if report.Healthy != (code == 0) {
		p.Errorf("%s: exit code %d, and healthy is %v", r.command, code, report.Healthy)
	}
	checks := map[string]api.Check{}
	for _, c := range report.Checks {
		if _, twice := checks[c.Name]; twice {
			p.Errorf("two checks are called %q", c.Name)
		}
		checks[c.Name] = c
		if c.Outcome == api.CheckFailed || c.Outcome == api.CheckWarning {
			if c.Fix == "" {
				p.Errorf("%s does not say what to do: %+v", c.Name, c)
			}
		}
	}
	return checks
}

// shown returns the words and the remedies of a check.
func shown(c api.Check) string {
	all := c.Seen + " " + c.Fix
	for _, r := range c.Remedies {
		all += "\n" + cmp.Or(r.Command, strings.Join(r.Options, " "))
	}
	return all
}

// is checks the outcome and the message of one check.
func (p *person) is(checks map[string]api.Check, name string, want api.CheckOutcome, says ...string) {
	p.Helper()
	c, ok := checks[name]
	if !ok || c.Outcome != want {
		p.Errorf("check %q is %+v, want %s", name, c, want)
	}
	for _, text := range says {
		if !strings.Contains(shown(c), text) {
			p.Errorf("check %q does not say %q: %+v", name, text, c)
		}
	}
}

func TestTheDoctorFindsNothingInAHealthyNamespace(t *testing.T) {
	t.Parallel()
	// What of our own pods is short of the profile restricted would be warned of.
	p := newPerson(t, "pod-security.kubernetes.io/warn=restricted")
	for _, args := range [][]string{{"cluster", "setup", "kind"}, {"doctor"}} {
		if r := p.vast(args...).exits(0); strings.Contains(r.stderr, "PodSecurity") {
			t.Errorf("%v warns of a pod of ours: %s", args, r.stderr)
		}
	}
	checks := p.doctor(0)
	for name, c := range checks {
		if c.Outcome != api.CheckOK {
			t.Errorf("%s: %+v", name, c)
		}
	}
	for _, name := range []string{"api", "version", "namespace", "pod security", "rights: tasks", "storage class", "kueue",
		"kueue version", "kueue webhook", "queue vast", "quota", "store", "agent image", "dns", "store from inside"} {
		if _, ok := checks[name]; !ok {
			t.Errorf("nothing is said of %q", name)
		}
	}
	p.vast("doctor").exits(0).shows("OK       queue vast", "OK       store from inside")
	p.waitFor("its pod is gone", func() (bool, any) {
		pods := p.kinds("pods")
		return !strings.Contains(strings.Join(pods, " "), "vast-doctor"), pods
	})
	t.Run("says that the queue is held", func(t *testing.T) {
		p := p.in(t)
		p.kubectl("patch", "localqueue", "vast", "--type=merge", "-p", `{"spec":{"stopPolicy":"Hold"}}`)
		p.is(p.doctor(0, "--no-probe"), "queue vast", api.CheckWarning, "held", "kubectl vast queue resume vast")
		p.kubectl("patch", "localqueue", "vast", "--type=merge", "-p", `{"spec":{"stopPolicy":"None"}}`)
	})
	t.Run("says that the image cannot be pulled", func(t *testing.T) {
		p := p.in(t)
		checks := p.doctor(0, "--agent-image", "registry.invalid/agent:v0")
		p.is(checks, "agent image", api.CheckWarning, "registry.invalid/agent:v0", "cannot be pulled", "AgentImage")
		p.is(checks, "dns", api.CheckSkipped)
	})
	t.Run("says that the store's credentials are wrong, and not what they are", func(t *testing.T) {
		p := p.in(t)
		p.kubectl("patch", "secret", "vast-store", "--type=merge", "-p", `{"stringData":{"secret-access-key":"not-the-right-one"}}`)
		checks := p.doctor(0)
		p.is(checks, "store", api.CheckWarning, "does not accept the credentials")
		p.is(checks, "store from inside", api.CheckWarning)
		for _, c := range checks {
			if strings.Contains(shown(c), "not-the-right-one") {
				t.Errorf("a credential is shown: %+v", c)
			}
		}
	})
}

func TestTheDoctorNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	checks := p.doctor(0, "--no-probe")
	p.is(checks, "queue", api.CheckWarning, "has no queue", "kubectl vast cluster setup")
	p.is(checks, "store", api.CheckWarning, "no store", "kubectl vast cluster setup")
	t.Run("rights", func(t *testing.T) {
		p := p.in(t)
		reader := p.with("reader", readRights...)
		reader.waitFor("the account has its rights", func() (bool, any) {
			r := reader.vast("list")
			return r.code == 0, r.stderr
		})
		checks := reader.doctor(1)
		reader.is(checks, "rights: tasks", api.CheckFailed, "create, patch, delete jobs.batch", "create secrets",
			"kubectl create rolebinding vast-user --role=vast-user --serviceaccount="+p.namespace+":reader -n "+p.namespace)
		reader.is(checks, "rights: cluster setup", api.CheckSkipped)
		reader.is(checks, "agent image", api.CheckSkipped, "may not create pods")
		t.Run("and the command that it prints grants them", func(t *testing.T) {
			admin := p.in(t)
			steps := checks["rights: tasks"].Remedies
			if len(steps) != 2 {
				t.Fatalf("remedies %+v, want to print the Role and to bind it", steps)
			}
			role := admin.vast(strings.Fields(strings.TrimPrefix(steps[0].Command, "kubectl vast "))...).exits(0)
			// The Role alone: the other one is of the whole cluster, and optional.
			here, _, _ := strings.Cut(role.stdout, "\n---")
			admin.kubectl("apply", "-f", admin.file("role.yaml", here))
			admin.kubectl(strings.Fields(strings.TrimPrefix(steps[1].Command, "kubectl "))...)
			reader := *reader
			reader.TB = t
			reader.waitFor("the rights are there", func() (bool, any) {
				r := reader.vast("doctor", "--no-probe")
				return r.code == 0, r.stdout
			})
		})
	})
	t.Run("the namespace", func(t *testing.T) {
		nowhere := p.in(t)
		nowhere.namespace = "e2e-does-not-exist"
		nowhere.is(nowhere.doctor(1), "namespace", api.CheckFailed, "does not exist", "kubectl create namespace")
	})
	t.Run("the cluster", func(t *testing.T) {
		away := p.in(t)
		away.kubeconfig = kubeconfigWith(t, func(c *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) {
			c.Server = "https://127.0.0.1:1"
		})
		if checks := away.doctor(1); len(checks) != 1 {
			t.Errorf("more was checked than whether it answers: %v", checks)
		}
		away.vast("doctor").exits(1).shows("Failed   api", "refused")
	})
}

func TestTheDoctorWorksInARestrictedNamespace(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "pod-security.kubernetes.io/enforce=restricted")
	checks := p.doctor(0)
	p.is(checks, "pod security", api.CheckOK, "restricted")
	p.is(checks, "agent image", api.CheckOK)
	p.is(checks, "dns", api.CheckOK)
	p.is(checks, "store from inside", api.CheckSkipped)
}
