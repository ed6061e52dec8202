package queue

import (
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"
)

// Kueue says in one message per Workload what stood in its way when it was
// looked at last. It serves where the quota itself may not be read, or does not
// tell all: flavors' taints and labels, cohorts, limits of the namespace.
var (
	saidMissing  = regexp.MustCompile(`insufficient unused quota for (\S+) in flavor (\S+), (\S+) more needed`)
	saidTooMuch  = regexp.MustCompile(`insufficient quota for (\S+) in flavor (\S+), previously considered podsets requests \((\S+)\) \+ current podset request \((\S+)\) > maximum capacity \((\S+)\)`)
	saidNoQuota  = regexp.MustCompile(`resource (\S+) unavailable in ClusterQueue`)
	saidTaint    = regexp.MustCompile(`untolerated taint (\{.*?\}|\S+) in flavor (\S+)`)
	saidAffinity = regexp.MustCompile(`flavor (\S+) doesn't match node affinity`)
	saidNoFlavor = regexp.MustCompile(`flavor (\S+) not found`)
)

// message is what Kueue said last; empty if it has not looked yet.
func (s *situation) message() string {
	if c := s.w.condition(kueue.WorkloadQuotaReserved); c != nil && c.Status != "True" {
		return c.Message
	}
	return ""
}

// told is Kueue's own word where it stands in the way for good.
func (s *situation) told() (verdict, bool) {
	said := s.message()
	if said == "" {
		return verdict{}, false
	}
	if !saidMissing.MatchString(said) {
		if v, ok := toldNever(said); ok {
			return v, true
		}
	}
	if s.cluster == nil {
		if m := saidMissing.FindStringSubmatch(said); m != nil {
			if q, err := resource.ParseQuantity(m[3]); err == nil {
				name := corev1.ResourceName(m[1])
				return verdict{reason: "waits for " + amount(name, q) + s.firstNeeds(name)}, true
			}
		}
	}
	for _, known := range []string{"namespace doesn't match ClusterQueue selector", "resources validation failed", "LimitRange", "failed admission checks"} {
		if strings.Contains(said, known) {
			return stuck("Kueue says: %s", lower(said)), true
		}
	}
	return verdict{}, false
}

// toldNever reads a message of which no part is about quota that others have.
func toldNever(said string) (verdict, bool) {
	if m := saidTooMuch.FindStringSubmatch(said); m != nil {
		need, err1 := resource.ParseQuantity(m[4])
		quota, err2 := resource.ParseQuantity(m[5])
		if err1 == nil && err2 == nil {
			name := corev1.ResourceName(m[1])
			a, b := numbers(name, need, quota)
			return stuck("needs %s %s, the quota is %s: it can never start", a, unit(name), b), true
		}
	}
	if m := saidNoQuota.FindStringSubmatch(said); m != nil {
		return stuck("its ClusterQueue has no quota for %s: it can never start", m[1]), true
	}
	if m := saidTaint.FindStringSubmatch(said); m != nil {
		return stuck("does not tolerate the taint %s of flavor %s", m[1], m[2]), true
	}
	if m := saidAffinity.FindStringSubmatch(said); m != nil {
		return stuck("its node selector does not fit flavor %s", m[1]), true
	}
	if m := saidNoFlavor.FindStringSubmatch(said); m != nil {
		return stuck("flavor %s does not exist", m[1]), true
	}
	return verdict{}, false
}

// toldMissing is how much of a resource Kueue found missing.
func toldMissing(said string, name corev1.ResourceName) (resource.Quantity, bool) {
	for _, m := range saidMissing.FindAllStringSubmatch(said, -1) {
		if m[1] != string(name) {
			continue
		}
		if q, err := resource.ParseQuantity(m[3]); err == nil {
			return q, true
		}
	}
	return resource.Quantity{}, false
}
