package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/kubevast/vast/agent/sharer"
	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/share/plugin"
	"github.com/kubevast/vast/internal/share/providers"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/share"
)

// runShare sends archives of campaigns and tasks to a share; see package sharer. Its
// orders and the settings of the share are files in the folder, a mounted Secret. How each
// item ended is in the store; the exit code is 1 only if the whole has to be run again.
func runShare(ctx context.Context, args []string, out io.Writer) error {
	var orders agentspec.Share
	var settings share.Settings
	if err := readJSON(filepath.Join(args[0], agentspec.ShareOrders), &orders); err != nil {
		return err
	}
	if err := readJSON(filepath.Join(args[0], agentspec.ShareSettings), &settings); err != nil {
		return err
	}
	s, err := store.FromEnv(store.FailWhenFull())
	if err != nil {
		return err
	}
	defer s.Close()
	p, err := openShare(ctx, orders.Type, settings)
	if err != nil {
		p = sharer.Broken(orders.Type, err) // each item has the reason
	}
	defer p.Close()
	return sharer.Run(ctx, sharer.Options{Orders: orders, JobUID: os.Getenv(agentspec.EnvJobUID), Provider: p, Settings: settings, Store: s,
		Log: func(format string, args ...any) {
			fmt.Fprintf(out, "%s "+format+"\n", append([]any{time.Now().UTC().Format(time.RFC3339)}, args...)...)
		}})
}

// openShare opens a share. A type that is not built in is a plug-in of the image.
func openShare(ctx context.Context, name string, settings share.Settings) (share.ShareProvider, error) {
	registry := providers.Builtin()
	if image := settings[plugin.ImageSetting]; image != "" {
		if err := plugin.Register(ctx, registry, name); err != nil {
			return nil, fmt.Errorf("image %s: %w", image, err)
		}
	}
	definition, err := registry.Lookup(name)
	if err != nil {
		return nil, err
	}
	return definition.Open(ctx, settings)
}

// readJSON reads a file of the mounted Secret. An error has nothing of its content.
func readJSON(path string, to any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if json.Unmarshal(data, to) != nil {
		return fmt.Errorf("%s is not the JSON that is expected", path)
	}
	return nil
}
