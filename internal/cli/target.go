package cli

// ShowTarget tells on stderr what is about to be changed, before it is.
func (f *Factory) ShowTarget(namespace string) {
	f.Notef("%s, namespace %s", f.target(), namespace)
}

func (f *Factory) target() string {
	raw, err := f.Config.ToRawKubeConfigLoader().RawConfig()
	name := deref(f.Config.Context)
	if err == nil && name == "" {
		name = raw.CurrentContext
	}
	switch server := deref(f.Config.APIServer); {
	case server != "":
		return "server " + server
	case name != "":
		return "context " + name
	}
	return "this pod's own cluster"
}

// Again is a command line that reaches the same cluster and namespace as this
// one, for messages that tell how to go on.
func (f *Factory) Again(command string) string {
	line := f.Plugin.Display + " " + command
	for _, flag := range []struct {
		name  string
		value *string
	}{
		{"--kubeconfig", f.Config.KubeConfig},
		{"--context", f.Config.Context},
		{"--namespace", f.Config.Namespace},
	} {
		if v := deref(flag.value); v != "" {
			line += " " + flag.name + "=" + shellQuote(v)
		}
	}
	return line
}
