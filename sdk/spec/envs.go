package spec

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v3"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/rules"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

// registryLogin are the variables that make up a login at a private registry.
var registryLogin = []string{"SKYPILOT_DOCKER_USERNAME", "SKYPILOT_DOCKER_PASSWORD", "SKYPILOT_DOCKER_SERVER"}

// managedPrefix marks a secret that lives in SkyPilot's own store.
const managedPrefix = "secrets:"

type envEntry struct {
	name    string
	value   string
	missing bool // written as null: the command line has to give it
	managed bool
	n       *yamlfile.Node
}

// envField is the task's envs: names to values. As in SkyPilot the value of a
// variable is Python's str of what PyYAML reads: true is "True", 1.50 is "1.5" and
// 017 is "15", while 1e3 and 0o17 are text. Quotes keep a value as it is written.
type envField struct{ entries []envEntry }

// Accepts takes everything: the message about another kind of value would
// quote it, and it may be a password.
func (*envField) Accepts(n *yamlfile.Node) bool { return !n.IsNull() }
func (*envField) Describe() string              { return "a mapping of names to values" }

func (e *envField) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	if n.Kind != yaml.MappingNode {
		r.Fail(n, "must be a mapping of names to values: NAME: value")
	}
	for _, f := range n.Fields {
		if msg := rules.Variable(f.Key.Text); msg != "" {
			r.FailKey(f, "%s", msg)
			continue
		}
		e.add(r, f)
	}
}

func (e *envField) add(r *yamlfile.Reader, f *yamlfile.Node) {
	if f.Kind != yaml.ScalarNode {
		r.Fail(f, "must be one value, not %s", f.KindName())
		return
	}
	e.entries = append(e.entries, envEntry{name: f.Key.Text, value: f.Variable(), missing: f.IsNull(), n: f})
}

func (envField) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{
		Type:                 "object",
		PatternProperties:    map[string]*jsonschema.Schema{rules.VariablePattern: scalarOrNull()},
		AdditionalProperties: jsonschema.FalseSchema,
	}
}

func scalarOrNull() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string"}, {Type: "number"}, {Type: "boolean"}, {Type: "null"}}}
}

// secretField is the task's secrets: names to values, or a list of references
// to SkyPilot's store of secrets, which are inputs here.
type secretField struct{ envField }

func (s *secretField) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	if n.Kind == yaml.ScalarNode {
		r.Fail(n, "must be a mapping of names to values: NAME: value")
	}
	for _, item := range n.Items {
		name, ok := strings.CutPrefix(item.Text, managedPrefix)
		if item.Kind != yaml.ScalarNode || !ok || !rules.IsVariable(name) {
			r.Fail(item, "only \"secrets:NAME\" can stand in a list of secrets; write secrets as a mapping, NAME: null")
			continue
		}
		if msg := rules.ReservedVariable(name); msg != "" {
			r.Fail(item, "%s %s", name, msg)
			continue
		}
		s.entries = append(s.entries, envEntry{name: name, missing: true, managed: true, n: item})
	}
	for _, f := range n.Fields {
		name, managed := strings.CutPrefix(f.Key.Text, managedPrefix)
		switch msg := rules.Variable(name); {
		case msg != "":
			r.FailKey(f, "%s", msg)
		case managed && !f.IsNull():
			r.Fail(f, "must be null: the value of a managed secret does not stand in the file")
		case managed:
			s.entries = append(s.entries, envEntry{name: name, missing: true, managed: true, n: f})
		default:
			s.add(r, f)
		}
	}
}

func (secretField) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		{
			Type:                 "object",
			PatternProperties:    map[string]*jsonschema.Schema{`^(secrets:)?[a-zA-Z_][a-zA-Z0-9_]*$`: scalarOrNull()},
			AdditionalProperties: jsonschema.FalseSchema,
		},
		{Type: "array", Items: &jsonschema.Schema{Type: "string", Pattern: "^secrets:[a-zA-Z_][a-zA-Z0-9_]*$"}},
	}}
}

// environment is what envs, secrets and the command line amount to.
type environment struct {
	envs, secrets []EnvVar
	// values holds both, for substitution; missing lists the inputs without a
	// value.
	values  map[string]string
	missing map[string]bool
}

// environment resolves a task's inputs: the command line wins over the file,
// and names that only the command line has come last, sorted.
func (r *parser) environment(envs envField, secrets secretField, in Inputs) environment {
	env := environment{values: map[string]string{}, missing: map[string]bool{}}
	env.envs = r.resolve(&env, envs.entries, in.Envs, "Envs")
	env.secrets = r.resolve(&env, secrets.entries, in.Secrets, "Secrets")
	inEnvs := make(map[string]*yamlfile.Node, len(envs.entries))
	for _, e := range envs.entries {
		inEnvs[e.name] = e.n
	}
	for _, s := range secrets.entries {
		if e := inEnvs[s.name]; e != nil {
			r.Fail(s.n, "is in both envs (line %d) and secrets; it can be in one of them only", e.Line)
		}
	}
	r.onlyIn(envs.entries, in.Secrets, "envs", "secrets", "Envs")
	r.onlyIn(secrets.entries, in.Envs, "secrets", "envs", "Secrets")
	r.checkLogin(env, slices.Concat(envs.entries, secrets.entries))
	return env
}

func (r *parser) resolve(env *environment, entries []envEntry, given map[string]string, option string) []EnvVar {
	var out []EnvVar
	taken := map[string]bool{}
	for _, e := range entries {
		if taken[e.name] {
			continue // NAME and secrets:NAME: one of them is enough
		}
		taken[e.name] = true
		value, ok := given[e.name]
		switch {
		case ok:
		case !e.missing:
			value = e.value
		case e.managed:
			env.missing[e.name] = true
			r.FailKeyWith(setVariable(option, e.name), e.n, "has no value: SkyPilot's store of secrets is not here")
			continue
		default:
			env.missing[e.name] = true
			r.FailKeyWith(setVariable(option, e.name), e.n, "has no value (write \"\" in the file if it is to be empty)")
			continue
		}
		env.values[e.name] = value
		out = append(out, EnvVar{Name: e.name, Value: value})
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !taken[name] {
			env.values[name] = given[name]
			out = append(out, EnvVar{Name: name, Value: given[name]})
		}
	}
	return out
}

// setVariable is the remedy for a variable without a value.
func setVariable(option, name string) api.Remedy {
	return api.Remedy{Options: []string{option + "=" + name + "=..."}, Purpose: "set it"}
}

// onlyIn reports names of one kind in the file that the inputs set as the other
// kind.
func (r *parser) onlyIn(entries []envEntry, given map[string]string, section, other, right string) {
	for _, e := range entries {
		if _, ok := given[e.name]; ok {
			r.FailKeyWith(setVariable(right, e.name), e.n, "is one of %s in the file, but is given as one of %s", section, other)
		}
	}
}

// checkInputs checks what the command line gives and no file can change.
func (r *parser) checkInputs(in Inputs) {
	if in.Name != "" {
		if msg := checkName(in.Name); msg != "" {
			r.FailOption("Name", "%q %s", yamlfile.Shorten(in.Name), msg)
		}
	}
	if in.NumNodes < 0 || in.NumNodes > maxNodes {
		r.FailOption("NumNodes", "must be a whole number, from 1 to %d, not %d", maxNodes, in.NumNodes)
	}
	for _, g := range []struct {
		option string
		given  map[string]string
	}{{"Envs", in.Envs}, {"Secrets", in.Secrets}} {
		for _, name := range slices.Sorted(maps.Keys(g.given)) {
			if msg := rules.Variable(name); msg != "" {
				r.FailOption(g.option, "%q %s", yamlfile.Shorten(name), msg)
			} else if strings.ContainsRune(g.given[name], 0) {
				r.FailOption(g.option, "the value of %s holds a NUL character, which a variable cannot", name)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(in.Envs)) {
		if _, both := in.Secrets[name]; both {
			r.FailOption("Secrets", "%s is one of Envs too; give it once", name)
		}
	}
}

// checkLogin checks that a registry login is complete and in one place.
func (r *parser) checkLogin(env environment, entries []envEntry) {
	var where *yamlfile.Node
	for _, e := range slices.Backward(entries) {
		if slices.Contains(registryLogin, e.name) {
			where = e.n
		}
	}
	count := func(vars []EnvVar) (n int) {
		for _, v := range vars {
			if slices.Contains(registryLogin, v.Name) {
				n++
			}
		}
		return n
	}
	var msg string
	all := strings.Join(registryLogin, ", ")
	switch inEnvs, inSecrets := count(env.envs), count(env.secrets); {
	case slices.ContainsFunc(registryLogin, func(name string) bool { return env.missing[name] }):
		return // reported already
	case inEnvs > 0 && inSecrets > 0:
		msg = "the login at a private registry must stand in envs or in secrets as a whole: " + all
	case inEnvs+inSecrets > 0 && inEnvs+inSecrets < len(registryLogin):
		msg = "the login at a private registry is incomplete; these belong together: " + all
	default:
		return
	}
	if where != nil {
		r.FailKey(where, "%s", msg)
		return
	}
	r.FailOption("Secrets", "%s", msg)
}

// variable is a reference in a value: $NAME or ${NAME}. SkyPilot's grammar has
// neither defaults nor an escape, and leaves unknown names as they are.
var variable = regexp.MustCompile(`\$\{?\b([a-zA-Z_][a-zA-Z0-9_]*)\b\}?`)

// maxSubstituted bounds a text after substitution. It is far above any path
// or URI, and keeps a large value that is named often from filling the memory.
const maxSubstituted = 64 << 10

// substitute replaces variables in all text of n, keys included. (SkyPilot
// does it on the JSON text of the whole field, where a quote or a backslash
// in a value breaks it.)
func (env environment) substitute(r *yamlfile.Reader, n *yamlfile.Node) {
	if n == nil {
		return
	}
	if n.Tag == "!!str" {
		env.expand(r, n)
	}
	for _, f := range n.Fields {
		env.substitute(r, f.Key)
		env.substitute(r, f)
	}
	for _, item := range n.Items {
		env.substitute(r, item)
	}
}

func (env environment) expand(r *yamlfile.Reader, n *yamlfile.Node) {
	var b strings.Builder
	last := 0
	for _, m := range variable.FindAllStringSubmatchIndex(n.Text, -1) {
		name := n.Text[m[2]:m[3]]
		if env.missing[name] {
			n.Pending = true
		}
		value, ok := env.values[name]
		if !ok {
			continue
		}
		b.WriteString(n.Text[last:m[0]])
		b.WriteString(value)
		last = m[1]
		if b.Len() > maxSubstituted {
			r.Fail(n, "has more than %d KiB once the variables are filled in", maxSubstituted>>10)
			n.Pending = true
			return
		}
	}
	if last > 0 {
		b.WriteString(n.Text[last:])
		n.Text = b.String()
	}
}
