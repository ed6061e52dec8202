package queue

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/sdk/api"
)

// Priority returns the WorkloadPriorityClass that want selects by name or by value. A
// value that no class has selects the nearest class below it, or the lowest one if all
// are above, with a warning. An empty want, and 0 if no class has that value, select no
// class, which means 0. An unknown name is an InvalidSpecError that lists the classes.
// If the caller may not list them, it returns a name as it is, and a warning for a
// number.
func (c *Client) Priority(ctx context.Context, want string) (class, warning string, err error) {
	if want == "" {
		return "", "", nil
	}
	classes, err := c.classes.Get("", func() ([]kueue.WorkloadPriorityClass, error) { return c.priorityClasses(ctx) })
	if api.IsForbidden(err) {
		return unseenPriority(want)
	} else if err != nil {
		return "", "", err
	}
	return priority(classes, want)
}

func (c *Client) priorityClasses(ctx context.Context) ([]kueue.WorkloadPriorityClass, error) {
	set, err := c.conn.Kueue()
	if err != nil {
		return nil, err
	}
	list, err := set.KueueV1beta2().WorkloadPriorityClasses().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, c.listing(err, priorityClasses)
	}
	return list.Items, nil
}

func unseenPriority(want string) (class, warning string, err error) {
	value, notNumber := strconv.ParseInt(want, 10, 32)
	switch {
	case notNumber != nil:
		return want, "", nil
	case value == 0:
		return "", "", nil
	}
	return "", fmt.Sprintf("priority %s is ignored: you may not list %s; name the class instead", want, priorityClasses), nil
}

func priority(classes []kueue.WorkloadPriorityClass, want string) (class, warning string, err error) {
	for i := range classes {
		if classes[i].Name == want {
			return want, "", nil
		}
	}
	parsed, notNumber := strconv.ParseInt(want, 10, 32)
	if notNumber != nil {
		return "", "", unknownClass(classes, want)
	}
	value := int32(parsed)
	if len(classes) == 0 {
		if value == 0 {
			return "", "", nil
		}
		return "", fmt.Sprintf("priority %d is ignored: the cluster has no WorkloadPriorityClass", value), nil
	}
	sorted := slices.SortedFunc(slices.Values(classes), func(a, b kueue.WorkloadPriorityClass) int {
		return cmp.Or(cmp.Compare(a.Value, b.Value), strings.Compare(a.Name, b.Name))
	})
	nearest := sorted[0]
	for _, class := range sorted {
		if class.Value == value {
			return class.Name, "", nil
		}
		if class.Value < value {
			nearest = class
		}
	}
	// Without a class a task has the priority 0, which may be nearer.
	switch {
	case value == 0:
		return "", "", nil
	case value > 0 && nearest.Value < 0:
		return "", fmt.Sprintf("no WorkloadPriorityClass has the value %d: the task gets priority 0; there are %s", value, classNames(classes)), nil
	}
	return nearest.Name, fmt.Sprintf("no WorkloadPriorityClass has the value %d: the task gets %s, which is %d", value, nearest.Name, nearest.Value), nil
}

func unknownClass(classes []kueue.WorkloadPriorityClass, want string) error {
	if len(classes) == 0 {
		return api.Invalid("priority", "no WorkloadPriorityClass is called %q: the cluster has none", want)
	}
	return api.Invalid("priority", "no WorkloadPriorityClass is called %q; there are %s", want, classNames(classes))
}

// classNames lists classes with their values, the highest first.
func classNames(classes []kueue.WorkloadPriorityClass) string {
	sorted := slices.SortedFunc(slices.Values(classes), func(a, b kueue.WorkloadPriorityClass) int {
		return cmp.Or(cmp.Compare(b.Value, a.Value), strings.Compare(a.Name, b.Name))
	})
	all := make([]string, len(sorted))
	for i, class := range sorted {
		all[i] = fmt.Sprintf("%s (%d)", class.Name, class.Value)
	}
	return strings.Join(all, ", ")
}
