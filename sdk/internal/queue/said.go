package queue

import (
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"
)

// Kueue reports in one message per Workload why it was not admitted at the last
// attempt. It is used where the caller may not read the quota, and for what the quota
// does not show: taints and labels of flavors, cohorts, limits of the namespace.
var (
	saidMissing  = regexp.MustCompile(`insufficient unused quota for (\S+) in flavor (\S+), (\S+) more needed`)
	saidTooMuch  = regexp.MustCompile(`insufficient quota for (\S+) in flavor (\S+), previously considered podsets requests \((\S+)\) \+ current podset request \((\S+)\) > maximum capacity \((\S+)\)`)
	saidNoQuota  = regexp.MustCompile(`resource (\S+) unavailable in ClusterQueue`)
	saidTaint    = regexp.MustCompile(`untolerated taint (\{.*?\}|\S+) in flavor (\S+)`)
	saidAffinity = regexp.MustCompile(`flavor (\S+) doesn't match node affinity`)
	saidNoFlavor = regexp.MustCompile(`flavor (\S+) not found`)
)

// message returns Kueue's last message; empty before its first attempt.
func (s *situation) message() string {
	if c := s.w.condition(kueue.WorkloadQuotaReserved); c != nil && c.Status != "True" {
		return c.Message
	}
	return ""
}

// permanent returns the verdict of Kueue's message if it is a permanent reason.
func (s *situation) permanent() (verdict, bool) {
	said := s.message()
	if said == "" {
		return verdict{}, false
	}
	if !saidMissing.MatchString(said) {
		if v, ok := saidNever(said); ok {
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

// saidNever parses a message without a part about quota that others use.
func saidNever(said string) (verdict, bool) {
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

// parseMissing returns how much of a resource is missing according to Kueue.
func parseMissing(said string, name corev1.ResourceName) (resource.Quantity, bool) {
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
