package access

import (
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Exactly are the options by which an object is deleted that was looked at
// before: that very one, and no other that has got its name since.
func Exactly(uid types.UID, o metav1.DeleteOptions) metav1.DeleteOptions {
	o.Preconditions = &metav1.Preconditions{UID: &uid}
	return o
}

// Deleted classifies what came of a deletion with Exactly. An object that is gone
// is what was wanted; one that is another by now is left alone, and that is a
// warning. name is the object's, resource as in Classify.
func (c *Conn) Deleted(err error, resource, name string) error {
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case apierrors.IsConflict(err):
		c.Warn(fmt.Sprintf("%s %s is another one by now, which was made since this looked; it is left alone", resource, name))
		return nil
	}
	return c.Classify(err, "delete", resource)
}
