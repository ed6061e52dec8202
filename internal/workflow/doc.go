// Package workflow decides what a run of a workflow does next. Advance is a pure
// function of the workflow, the state of its run and what is observed of its
// tasks. The driver in the cluster, the driver of a client and the command that
// plans a run without a cluster use the same Advance.
//
// # The contract with a driver
//
// A driver repeats: read the state; observe; Advance; write the new state with
// optimistic concurrency; only if that succeeded, carry out the actions and send
// the events. It relies on this:
//
//   - An action is repeated by each Advance until its effect is observed, so a
//     driver may die, or lose the answer to a request, at any point.
//   - Start and Stop name an attempt, and must be idempotent by it: the object
//     that executes an attempt has a name that follows from run, task and attempt.
//     Start of an attempt whose object exists has no effect.
//   - Stop is final for the attempt. If its object does not exist, Stop creates it
//     in a form that never executes, so that a Start by a driver that is late has
//     no effect either. The attempt is then observed as StatusCancelled.
//   - The object of an attempt stays until the run is deleted, or at least until
//     the state has its end.
//   - Wake returns when to call Advance again if nothing else is observed.
package workflow
