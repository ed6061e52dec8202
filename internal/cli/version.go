package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/kubevast/vast/internal/cli/term"
	"github.com/kubevast/vast/internal/kube"
)

// Set by the linker (-X github.com/kubevast/vast/internal/cli.gitVersion=v1.2.3).
var (
	gitVersion string
	gitCommit  string
	buildDate  string
)

// ClientVersion is the version of this program.
type ClientVersion struct {
	GitVersion string `json:"gitVersion"`
	GitCommit  string `json:"gitCommit,omitempty"`
	BuildDate  string `json:"buildDate,omitempty"`
	GoVersion  string `json:"goVersion"`
	Platform   string `json:"platform"`
	// AgentImage is what the containers of ours run that no option gives another
	// image; empty where there is none.
	AgentImage string `json:"agentImage,omitempty"`
}

// Version returns the version of the linker or, failing it, of the module
// system.
func Version() ClientVersion {
	v := ClientVersion{
		GitVersion: gitVersion, GitCommit: gitCommit, BuildDate: buildDate,
		GoVersion: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		AgentImage: kube.DefaultAgentImage(),
	}
	if v.GitVersion != "" {
		return v
	}
	v.GitVersion = "devel"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		v.GitVersion = info.Main.Version
	}
	return v
}

type versionOptions struct {
	clientOnly bool
	output     string
}

func newVersion(f *Factory) *cobra.Command {
	o := &versionOptions{}
	c := &cobra.Command{
		Use:   "version",
		Short: "Print the versions of this plugin and of the cluster",
		Args:  Args(0, 0, ""),
		RunE:  func(c *cobra.Command, _ []string) error { return o.run(c, f) },
	}
	c.Flags().BoolVar(&o.clientOnly, "client", o.clientOnly, "If true, print the version of the plugin only, and contact no cluster.")
	AddDataFlag(c, &o.output)
	return c
}

func (o *versionOptions) run(c *cobra.Command, f *Factory) error {
	if err := CheckData(o.output); err != nil {
		return err
	}
	versions := struct {
		Client ClientVersion `json:"clientVersion"`
		Server any           `json:"serverVersion,omitempty"`
	}{Client: Version()}
	server, err := "", error(nil)
	if !o.clientOnly {
		var client Client
		if client, err = f.Client(); err == nil {
			if info, e := client.ServerVersion(c.Context()); e == nil {
				versions.Server, server = info, info.GitVersion
			} else {
				err = e
			}
		}
	}
	if o.output != "" {
		if e := PrintData(f.Out, o.output, versions); e != nil {
			return e
		}
		return err
	}
	fmt.Fprintf(f.Out, "Client Version: %s\nGo Version: %s\nAgent Image: %s\n", versions.Client.GitVersion, versions.Client.GoVersion,
		cmp.Or(term.Line(versions.Client.AgentImage), "none, so tasks with files or results need --agent-image"))
	if server != "" {
		fmt.Fprintf(f.Out, "Server Version: %s\n", server)
	}
	return err
}

// AddDataFlag binds -o json|yaml for values that are no Kubernetes objects.
func AddDataFlag(c *cobra.Command, output *string) {
	c.Flags().StringVarP(output, "output", "o", *output, "Output format. One of: (json, yaml).")
	_ = c.RegisterFlagCompletionFunc("output",
		cobra.FixedCompletions([]string{"json", "yaml"}, cobra.ShellCompDirectiveNoFileComp))
}

// CheckData reports whether an output format is one of AddDataFlag's.
func CheckData(output string) error {
	switch output {
	case "", "json", "yaml":
		return nil
	}
	return Usagef("unknown output format %q, allowed formats are: json, yaml", output)
}

// PrintData prints a value as JSON or YAML.
func PrintData(w interface{ Write([]byte) (int, error) }, output string, value any) error {
	data, err := json.MarshalIndent(value, "", "    ")
	if err == nil {
		data = append(data, '\n')
		if output == "yaml" {
			data, err = yaml.JSONToYAML(data)
		}
	}
	if err == nil {
		_, err = w.Write(data)
	}
	return err
}
