package main

import (
	"slices"
	"strings"
	"time"

	"github.com/cloudnativelabs/kube-router/v2/pkg/utils"
)

// remembering caches what the controller reads with iptables before each change of a pod:
// whether its three fixed chains, and the few rules that jump to them, exist. Without it a
// change starts 13 iptables processes, with it one. The chains of pods and policies are read
// and written by iptables-save and iptables-restore, which are not cached.
//
// A method that changes a rule drops the cache, and so does the end of its lifetime: a rule
// that another program has removed is restored then.
type remembering struct {
	utils.IPTablesHandler
	lifetime time.Duration
	since    time.Time
	answers  map[string]any
}

// remembered returns the cached answer to a question, or else that of ask.
func remembered[T any](r *remembering, ask func() (T, error), question ...string) (T, error) {
	if time.Since(r.since) > r.lifetime {
		r.forget()
	}
	key := strings.Join(question, "\x00")
	if answer, ok := r.answers[key]; ok {
		return answer.(T), nil
	}
	answer, err := ask()
	if err == nil {
		r.answers[key] = answer
	}
	return answer, err
}

func (r *remembering) forget() {
	r.since, r.answers = time.Now(), map[string]any{}
}

func (r *remembering) ChainExists(table, chain string) (bool, error) {
	return remembered(r, func() (bool, error) { return r.IPTablesHandler.ChainExists(table, chain) }, "chain", table, chain)
}

func (r *remembering) Exists(table, chain string, rule ...string) (bool, error) {
	return remembered(r, func() (bool, error) { return r.IPTablesHandler.Exists(table, chain, rule...) },
		slices.Concat([]string{"rule", table, chain}, rule)...)
}

func (r *remembering) List(table, chain string) ([]string, error) {
	return remembered(r, func() ([]string, error) { return r.IPTablesHandler.List(table, chain) }, "list", table, chain)
}

// AppendUnique appends a rule unless it is there.
func (r *remembering) AppendUnique(table, chain string, rule ...string) error {
	_, err := remembered(r, func() (bool, error) { return true, r.IPTablesHandler.AppendUnique(table, chain, rule...) },
		slices.Concat([]string{"append", table, chain}, rule)...)
	return err
}

func (r *remembering) NewChain(table, chain string) error {
	r.forget()
	return r.IPTablesHandler.NewChain(table, chain)
}

func (r *remembering) Insert(table, chain string, position int, rule ...string) error {
	r.forget()
	return r.IPTablesHandler.Insert(table, chain, position, rule...)
}

func (r *remembering) Delete(table, chain string, rule ...string) error {
	r.forget()
	return r.IPTablesHandler.Delete(table, chain, rule...)
}
