package spec

import (
	"maps"
	"math/big"
	"reflect"

	"github.com/kubevast/vast/sdk/api"
)

// maxCandidates bounds what any_of and sets of accelerators multiply to.
const maxCandidates = 256

// candidates expands a task's resources: each entry of any_of or ordered
// overrides the outer fields, and each accelerator of a set or list makes a
// candidate of its own. The command line overrides every candidate.
func (r *parser) candidates(f resourcesFile, in Inputs) []Resources {
	entries := f.AnyOf
	switch {
	case f.AnyOf.set() && f.Ordered.set():
		r.failKey(f.Ordered.n, "any_of and ordered cannot both be given")
	case f.Ordered.set():
		entries = f.Ordered
	}
	if entries.set() && len(entries.v) == 0 {
		r.fail(entries.n, "is empty; give at least one candidate, or leave it out")
	}
	f.candidateFile.check(r.reader)
	outer := f.accelerators()
	switch {
	case f.Ordered.set() && len(outer.all) > 1:
		r.fail(outer.n, "several accelerators cannot be combined with ordered; put one into each entry")
	case f.AnyOf.set() && outer.list:
		r.fail(outer.n, "a list of accelerators cannot be combined with any_of; put one into each entry")
	}

	all := []candidateFile{f.candidateFile}
	if len(entries.v) > 0 {
		all = nil
	}
	for _, e := range entries.v {
		if !e.set() {
			continue
		}
		e.v.check(r.reader)
		if a := e.v.accelerators(); len(a.all) > 1 || a.list {
			r.fail(a.n, "an entry has one kind of accelerator; write an entry for each")
		}
		all = append(all, f.candidateFile.overlay(e.v))
	}
	all = r.forContext(all, in.Context)
	var out []Resources
	if n := len(all) * max(len(outer.all), 1); n > maxCandidates {
		at := entries.n
		if at == nil {
			at = outer.n
		}
		r.failKey(at, "gives up to %d candidates; %d are allowed", n, maxCandidates)
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
func (c candidateFile) check(r *reader) {
	if c.GPUs.n != nil && c.Accelerators.n != nil {
		r.failKey(c.GPUs.n, "means the same as accelerators; give one of them")
	}
	if c.Priority.set() && c.PriorityClass.set() {
		r.failKey(c.PriorityClass.n, "excludes priority; give one of them")
	}
	for _, old := range []*node{c.Cloud.n, c.Region.n, c.Zone.n} {
		if c.Infra.n != nil && old != nil {
			r.failKey(old, "is a part of infra, which is given too; give one of them")
		}
	}
	if c.Region.set() && !c.Cloud.kubernetes {
		r.ignore(c.Region.n)
	}
}

// overlay returns c with the fields that entry has put over its own. Labels
// are merged.
func (c candidateFile) overlay(entry candidateFile) candidateFile {
	if entry.Infra.n != nil {
		c.Infra, c.Cloud, c.Region = entry.Infra, cloudField{}, at[string]{}
	}
	if entry.Cloud.n != nil {
		c.Infra, c.Cloud, c.Region = infraField{}, entry.Cloud, at[string]{}
	}
	if entry.Region.set() {
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
	if entry.Priority.set() {
		c.Priority = entry.Priority
	}
	if entry.PriorityClass.set() {
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
	if c.Priority.set() && c.PriorityClass.set() && c.Priority.n.parent != c.PriorityClass.n.parent {
		r.failKey(c.PriorityClass.n, "excludes priority (line %d); give one of them", c.Priority.n.line)
	}
	res := Resources{
		Image:         c.ImageID.v,
		Context:       c.context(),
		Labels:        c.Labels.v,
		Ports:         c.Ports.v,
		PriorityClass: c.PriorityClass.v,
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
	if c.Priority.set() {
		p := int32(c.Priority.v)
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
	if c.CPUs.n != nil && c.CPUs.n.pending {
		return nil
	}
	if c.CPUs.n == nil {
		r.fail(c.Memory.n, "%s is memory per CPU, but no cpus are given", c.Memory.n.quote())
		return nil
	}
	per, _ := new(big.Rat).SetString(c.Memory.perCPU)
	gib := per.Mul(per, big.NewRat(c.CPUs.v.Quantity.MilliValue(), 1000))
	a, err := ParseMemory(gib.FloatString(18))
	if err != nil {
		r.fail(c.Memory.n, "%s of %s CPUs is no amount of memory that a node has", c.Memory.n.quote(), c.CPUs.n.written)
	}
	return &Amount{Quantity: a.Quantity, AtLeast: c.Memory.v.AtLeast}
}

// override puts what the command line says over every candidate.
func (r *parser) override(all []Resources, in Inputs) []Resources {
	var set Resources
	if in.CPUs != "" {
		set.CPUs = flagValue(r.reader, "--cpus", in.CPUs, ParseCPUs)
	}
	if in.Memory != "" {
		set.Memory = flagValue(r.reader, "--memory", in.Memory, ParseMemory)
	}
	if in.GPUs != "" {
		set.Accelerator = flagValue(r.reader, "--gpus", in.GPUs, ParseAccelerator)
	}
	if in.Image != "" {
		image, msg := parseImage(in.Image)
		if msg != "" {
			r.flag("--image", "%q %s", shorten(in.Image), msg)
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

func flagValue[T any](r *reader, flag, text string, parse func(string) (T, error)) *T {
	v, err := parse(text)
	if err != nil {
		r.problems = append(r.problems, api.Problem{Path: flag, Message: err.Error()})
		return nil
	}
	return &v
}
