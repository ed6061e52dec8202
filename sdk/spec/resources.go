package spec

import (
	"maps"
	"math/big"
	"reflect"

	"github.com/kubevast/vast/sdk/internal/rules"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

// maxCandidates bounds what any_of and sets of accelerators multiply to.
const maxCandidates = 256

// candidates expands a task's resources: each entry of any_of or ordered
// overrides the outer fields, and each accelerator of a set or list makes a
// candidate of its own. The command line overrides every candidate.
func (r *parser) candidates(f resourcesFile, in Inputs) []Resources {
	entries := f.AnyOf
	switch {
	case f.AnyOf.IsSet() && f.Ordered.IsSet():
		r.FailKey(f.Ordered.Node, "any_of and ordered cannot both be given")
	case f.Ordered.IsSet():
		entries = f.Ordered
	}
	if entries.IsSet() && len(entries.Value) == 0 {
		r.Fail(entries.Node, "is empty; give at least one candidate, or leave it out")
	}
	f.candidateFile.check(r.Reader)
	outer := f.accelerators()
	switch {
	case f.Ordered.IsSet() && len(outer.all) > 1:
		r.Fail(outer.n, "several accelerators cannot be combined with ordered; put one into each entry")
	case f.AnyOf.IsSet() && outer.list:
		r.Fail(outer.n, "a list of accelerators cannot be combined with any_of; put one into each entry")
	}

	all := []candidateFile{f.candidateFile}
	if len(entries.Value) > 0 {
		all = nil
	}
	for _, e := range entries.Value {
		if !e.IsSet() {
			continue
		}
		e.Value.check(r.Reader)
		if a := e.Value.accelerators(); len(a.all) > 1 || a.list {
			r.Fail(a.n, "an entry has one kind of accelerator; write an entry for each")
		}
		all = append(all, f.candidateFile.overlay(e.Value))
	}
	all = r.forContext(all, in.Context)
	var out []Resources
	if n := len(all) * max(len(outer.all), 1); n > maxCandidates {
		at := entries.Node
		if at == nil {
			at = outer.n
		}
		r.FailKey(at, "gives up to %d candidates; %d are allowed", n, maxCandidates)
		return nil
	}
	for _, c := range all {
		for _, res := range r.resources(c) {
			out = appendNew(out, res)
		}
	}
	return r.override(out, in)
}

// appendNew keeps candidates apart that differ here; those that differ in
// the cloud only are the same.
func appendNew(all []Resources, res Resources) []Resources {
	for _, have := range all {
		if reflect.DeepEqual(have, res) {
			return all
		}
	}
	return append(all, res)
}

func (c candidateFile) accelerators() acceleratorField {
	if c.GPUs.n != nil {
		return c.GPUs
	}
	return c.Accelerators
}

// check reports fields that exclude each other.
func (c candidateFile) check(r *yamlfile.Reader) {
	if c.GPUs.n != nil && c.Accelerators.n != nil {
		r.FailKey(c.GPUs.n, "means the same as accelerators; give one of them")
	}
	if c.Priority.IsSet() && c.PriorityClass.IsSet() {
		r.FailKey(c.PriorityClass.Node, "excludes priority; give one of them")
	}
	for _, old := range []*yamlfile.Node{c.Cloud.n, c.Region.Node, c.Zone.Node} {
		if c.Infra.n != nil && old != nil {
			r.FailKey(old, "is a part of infra, which is given too; give one of them")
		}
	}
	if c.Region.IsSet() && !c.Cloud.kubernetes {
		r.Ignore(c.Region.Node)
	}
}

// overlay returns c with the fields that entry has put over its own. Labels
// are merged.
func (c candidateFile) overlay(entry candidateFile) candidateFile {
	if entry.Infra.n != nil {
		c.Infra, c.Cloud, c.Region = entry.Infra, cloudField{}, yamlfile.At[string]{}
	}
	if entry.Cloud.n != nil {
		c.Infra, c.Cloud, c.Region = infraField{}, entry.Cloud, yamlfile.At[string]{}
	}
	if entry.Region.IsSet() {
		c.Region = entry.Region
	}
	if a := entry.accelerators(); a.n != nil {
		c.Accelerators, c.GPUs = a, acceleratorField{}
	}
	if entry.CPUs.n != nil {
		c.CPUs = entry.CPUs
	}
	if entry.Memory.n != nil {
		c.Memory = entry.Memory
	}
	if entry.EphemeralStorage.n != nil {
		c.EphemeralStorage = entry.EphemeralStorage
	}
	if entry.ImageID.n != nil {
		c.ImageID = entry.ImageID
	}
	if entry.Ports.n != nil {
		c.Ports = entry.Ports
	}
	if entry.Priority.IsSet() {
		c.Priority = entry.Priority
	}
	if entry.PriorityClass.IsSet() {
		c.PriorityClass = entry.PriorityClass
	}
	if entry.Labels.n != nil {
		merged := maps.Clone(c.Labels.v)
		if merged == nil {
			merged = map[string]string{}
		}
		maps.Copy(merged, entry.Labels.v)
		c.Labels = labelsField{n: entry.Labels.n, v: merged}
	}
	return c
}

// resources turns one candidate into values: one for each accelerator.
func (r *parser) resources(c candidateFile) []Resources {
	if c.Priority.IsSet() && c.PriorityClass.IsSet() && c.Priority.Node.Parent != c.PriorityClass.Node.Parent {
		r.FailKey(c.PriorityClass.Node, "excludes priority (line %d); give one of them", c.Priority.Node.Line)
	}
	res := Resources{
		Image:         c.ImageID.v,
		Context:       c.context(),
		Labels:        c.Labels.v,
		Ports:         c.Ports.v,
		PriorityClass: c.PriorityClass.Value,
	}
	if c.CPUs.n != nil {
		res.CPUs = &c.CPUs.v
	}
	if c.Memory.n != nil {
		res.Memory = r.memory(c)
	}
	if c.EphemeralStorage.n != nil {
		res.EphemeralStorage = &Amount{Quantity: c.EphemeralStorage.v}
	}
	if c.Priority.IsSet() {
		p := int32(c.Priority.Value)
		res.Priority = &p
	}
	var out []Resources
	for _, a := range c.accelerators().all {
		one := res
		one.Accelerator = &a
		out = append(out, one)
	}
	if out == nil {
		out = []Resources{res}
	}
	return out
}

// memory resolves "4x", which is 4 GB for each CPU.
func (r *parser) memory(c candidateFile) *Amount {
	if c.Memory.perCPU == "" {
		return &c.Memory.v
	}
	if c.CPUs.n != nil && c.CPUs.n.Pending {
		return nil
	}
	if c.CPUs.n == nil {
		r.Fail(c.Memory.n, "%s is memory per CPU, but no cpus are given", c.Memory.n.Quote())
		return nil
	}
	per, _ := new(big.Rat).SetString(c.Memory.perCPU)
	gib := per.Mul(per, big.NewRat(c.CPUs.v.Quantity.MilliValue(), 1000))
	a, err := parseMemory(gib.FloatString(18))
	if err != nil {
		r.Fail(c.Memory.n, "%s of %s CPUs is no amount of memory that a node has", c.Memory.n.Quote(), c.CPUs.n.Written)
	}
	return &Amount{Quantity: a.Quantity, AtLeast: c.Memory.v.AtLeast}
}

// override puts what the command line says over every candidate.
func (r *parser) override(all []Resources, in Inputs) []Resources {
	var set Resources
	if in.CPUs != "" {
		set.CPUs = optionValue(r.Reader, "CPUs", in.CPUs, parseCPUs)
	}
	if in.Memory != "" {
		set.Memory = optionValue(r.Reader, "Memory", in.Memory, parseMemory)
	}
	if in.GPUs != "" {
		set.Accelerator = optionValue(r.Reader, "GPUs", in.GPUs, parseAccelerator)
	}
	if in.Image != "" {
		image, msg := rules.Image(in.Image)
		if msg != "" {
			r.FailOption("Image", "%q %s", yamlfile.Shorten(in.Image), msg)
		}
		set.Image = image
	}
	var out []Resources
	for _, res := range all {
		if set.CPUs != nil {
			res.CPUs = set.CPUs
		}
		if set.Memory != nil {
			res.Memory = set.Memory
		}
		if set.Accelerator != nil {
			res.Accelerator = set.Accelerator
		}
		if set.Image != "" {
			res.Image = set.Image
		}
		out = appendNew(out, res)
	}
	return out
}

func optionValue[T any](r *yamlfile.Reader, option, text string, parse func(string) (T, error)) *T {
	v, err := parse(text)
	if err != nil {
		r.FailOption(option, "%v", err)
		return nil
	}
	return &v
}
