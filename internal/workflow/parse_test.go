package workflow

import "strings"

// tasks returns a workflow from a short text, "b a c:on_failure,on_skipped" for
// each task: its name and what it depends on. "!" behind the name means that it
// requires approval, "~" that its failure is ignored, "-" that it is skipped, "+"
// that it is auxiliary.
func tasks(lines ...string) *Workflow {
	w := &Workflow{Name: "w"}
	for _, line := range lines {
		words := strings.Fields(line)
		name := strings.TrimRight(words[0], "!~-+")
		marks := words[0][len(name):]
		t := Task{Name: name, IgnoreFailure: strings.Contains(marks, "~"), Skip: strings.Contains(marks, "-"), Auxiliary: strings.Contains(marks, "+")}
		if strings.Contains(marks, "!") {
			t.Approval = &Approval{}
		}
		for _, word := range words[1:] {
			parent, list, _ := strings.Cut(word, ":")
			d := Dependency{Task: parent}
			for condition := range strings.SplitSeq(list, ",") {
				if condition == "" {
					continue
				}
				one, ok := ParseCondition(condition)
				if !ok {
					panic("unknown condition " + condition)
				}
				d.Conditions |= one
			}
			t.Depends = append(t.Depends, d)
		}
		w.Tasks = append(w.Tasks, t)
	}
	return w
}

// brief returns a state as text, in the order of the tasks: "a=success b=skipped".
func brief(w *Workflow, s State) string {
	words := []string{s.Phase.String() + "/" + s.Result.String()}
	for _, t := range w.Tasks {
		ts := s.Tasks[t.Name]
		word := t.Name + "=" + ts.Status.String()
		if ts.Status == StatusNotStarted && ts.Scheduled {
			word = t.Name + "=scheduled"
		}
		if ts.WaitingApproval {
			word += "+waiting"
		}
		if ts.Stopping && !ts.Status.Final() {
			word += "+stopping"
		}
		if ts.Attempt > 1 {
			word += "#" + string(rune('0'+ts.Attempt))
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// brieflyActions returns actions as text: "start a1, stop b1".
func brieflyActions(actions []Action) string {
	var words []string
	for _, a := range actions {
		words = append(words, string(a.Kind)+" "+a.Task+string(rune('0'+a.Attempt)))
	}
	return strings.Join(words, ", ")
}
