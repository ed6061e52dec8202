package access

import "strings"

// CanI is the command line by which the caller sees whether he has a right in a
// namespace, or in the whole cluster when that is empty. resource is one such as
// "jobs.batch" or "pods/log", name that of one object or empty.
func (c *Conn) CanI(verb, resource, name, namespace string) string {
	resource, sub, _ := strings.Cut(resource, "/")
	if name != "" {
		resource += "/" + name
	}
	args := []string{"auth", "can-i", verb, resource}
	if sub != "" {
		args = append(args, "--subresource="+sub)
	}
	if namespace == "" {
		args = append(args, "-A")
	}
	return c.Hint().In(namespace).Kubectl(args...)
}
