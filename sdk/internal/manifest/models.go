package manifest

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// model is an accelerator that a task requests by name.
type model struct {
	// name is the canonical name, and names are all values of labels like
	// SkyPilot's.
	name  string
	names []string
	// gke is the value of GKE's label, and gfd are those of GPU Feature
	// Discovery's.
	gke string
	gfd []string
	// exact: the task names the product, not only its model. part: it names a part of
	// a device (MIG).
	exact, part bool
}

var (
	eightyGB  = regexp.MustCompile(`(?i)80\s*GB`)
	thirtyTwo = regexp.MustCompile(`(?i)32\s*GB`)
	words     = regexp.MustCompile(`[^A-Za-z0-9]+`)
	// fullName matches the beginning of the product names of NVIDIA's driver, which
	// are the values of GPU Feature Discovery's label.
	fullName = regexp.MustCompile(`(?i)^(NVIDIA|Tesla|GeForce|Quadro)[ _-]`)
	partName = regexp.MustCompile(`(?i)-MIG-[0-9]+g\.[0-9]+gb`)
	vendors  = regexp.MustCompile(`(?i)\b(NVIDIA|GeForce|Tesla)\b`)
	// geForce matches the names of consumer cards, rtxA and titan those of
	// workstation cards, as modelKey returns them.
	geForce      = regexp.MustCompile(`^(rtx|gtx)([0-9]{3,4})(d)?(ti)?(super)?([0-9]+gb)?(laptop)?(gpu)?$`)
	rtxA         = regexp.MustCompile(`^(?:rtx)?a([0-9]{4})$`)
	titan        = regexp.MustCompile(`^titan(rtx|v|xp|x)$`)
	shortModel   = regexp.MustCompile(`^[A-Za-z]{1,3}[0-9]{1,4}[A-Za-z]?$`)
	sharedDevice = regexp.MustCompile(`(?i)` + sharedSuffix + `$`)
)

// modelKey returns a name without what is often written differently: case, spaces and
// dashes, and the vendor's name.
func modelKey(name string) string {
	name = sharedDevice.ReplaceAllString(name, "")
	return strings.ToLower(words.ReplaceAllString(vendors.ReplaceAllString(strings.ReplaceAll(name, "_", "-"), ""), ""))
}

// modelOf parses the name of an accelerator in a task: a model ("H100", "a100-80gb",
// "RTX 4090"), or a product as in GPU Feature Discovery ("NVIDIA-GeForce-RTX-4090",
// "NVIDIA-A100-SXM4-80GB"), in any case.
func modelOf(name string) model {
	if canonical, p, ok := lookupProduct(name); ok {
		return model{name: canonical, names: append([]string{name, canonical}, p.aliases...), gke: p.gke, gfd: p.gfd}
	}
	if card := cardOf(name); card.name != "" {
		return card
	}
	if fullName.MatchString(name) {
		return productOf(name)
	}
	m := model{name: name, names: []string{name}}
	if shortModel.MatchString(name) {
		m.gfd = []string{"NVIDIA-" + strings.ToUpper(name)}
	}
	return m
}

// productOf parses the full name of a product: the label of GPU Feature Discovery must
// equal it, and other labels, which only have the model, that model.
func productOf(name string) model {
	canonical := canonicalModel(name, nil)
	p := products[canonical]
	m := model{name: canonical, gke: p.gke, exact: true, part: partName.MatchString(name)}
	if strings.EqualFold(p.gke, name) { // it is GKE's name for the model
		m.exact, m.gfd = false, p.gfd
	}
	if canonical != name {
		m.names = append([]string{canonical}, p.aliases...)
	}
	if m.exact {
		m.gfd = []string{strings.ReplaceAll(name, " ", "-")}
		for _, v := range p.gfd {
			if strings.EqualFold(v, m.gfd[0]) {
				m.gfd[0] = v
			}
		}
	}
	return m
}

// lookupProduct finds a model by any of its names, in any notation.
func lookupProduct(name string) (canonical string, p product, ok bool) {
	key := modelKey(name)
	for canonical, p := range products {
		if modelKey(canonical) == key || slices.ContainsFunc(p.aliases, func(a string) bool { return modelKey(a) == key }) {
			return canonical, p, true
		}
	}
	return name, product{}, false
}

// cardOf parses the name of a consumer or workstation card, which follow a pattern. It
// returns an empty model for another name.
func cardOf(name string) model {
	key := modelKey(name)
	if m := geForce.FindStringSubmatch(key); m != nil && !(m[1] == "rtx" && strings.HasSuffix(m[2], "000")) {
		var rest []string
		for i, word := range []string{"D", "Ti", "SUPER", strings.ToUpper(m[6]), "Laptop"} {
			if m[i+3] != "" {
				rest = append(rest, word)
			}
		}
		series := strings.ToUpper(m[1])
		dashed := strings.Join(append([]string{series, m[2]}, rest...), "-")
		short := strings.Join(append([]string{series + m[2]}, rest...), "-")
		label := dashed
		if m[7] != "" {
			label += "-GPU"
		}
		// Drivers before 495 omit the vendor.
		return model{name: short, names: []string{short, dashed, series + m[2] + strings.Join(rest, "")},
			gfd: []string{"NVIDIA-GeForce-" + label, "GeForce-" + label}}
	}
	if m := rtxA.FindStringSubmatch(key); m != nil {
		return model{name: "A" + m[1], names: []string{"A" + m[1], "RTXA" + m[1], "RTX-A" + m[1]}, gfd: []string{"NVIDIA-RTX-A" + m[1]}}
	}
	if m := titan.FindStringSubmatch(key); m != nil {
		kind := strings.ToUpper(m[1])
		if kind == "XP" {
			kind = "Xp"
		}
		return model{name: "TITAN-" + kind, names: []string{"TITAN-" + kind, "TITAN" + kind}, gfd: []string{"NVIDIA-TITAN-" + kind, "TITAN-" + kind}}
	}
	return model{}
}

// is reports whether a node label with this value matches the model.
func (m *model) is(key, value string, node map[string]string) bool {
	if m.exact && key == labelGFD {
		return strings.EqualFold(value, m.gfd[0]) || strings.EqualFold(value, m.gfd[0]+sharedSuffix)
	}
	if m.part {
		return false
	}
	of := canonicalModel(value, node)
	return of == m.name || modelKey(of) == modelKey(m.name)
}

// modelOrder lists the canonical names, longer ones first, so that A100-80GB
// is found before A100 and A10G before A10.
var modelOrder = slices.SortedFunc(maps.Keys(products), func(a, b string) int {
	return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
})

// canonicalModel returns the canonical name for a label's value
// ("NVIDIA-A100-80GB-PCIe"), or the value if there is none.
func canonicalModel(value string, node map[string]string) string {
	parts := words.Split(value, -1)
	has := func(word string) bool {
		return slices.ContainsFunc(parts, func(p string) bool { return strings.EqualFold(p, word) })
	}
	memory, _ := strconv.Atoi(node[labelGFDMemory])
	switch {
	case has("A100") && (eightyGB.MatchString(value) || memory > 60000), has("A100X"):
		return "A100-80GB"
	case has("V100") && (thirtyTwo.MatchString(value) || memory > 24000):
		return "V100-32GB"
	case has("H100") && has("MEGA"):
		return "H100-MEGA"
	case has("6000") && has("Ada"):
		return "RTX6000-Ada"
	}
	for _, model := range modelOrder {
		if has(model) {
			return model
		}
	}
	if card := cardOf(value); card.name != "" {
		return card.name
	}
	return value
}

// product has the label values of one canonical model name. The gfd values are those of
// NVIDIA's GPU Feature Discovery: the driver's product name with dashes. gke is empty
// if GKE has no such nodes.
type product struct {
	aliases []string // further canonical names for the same device
	gke     string
	gfd     []string
}

// products has the models that SkyPilot supports. A bare A100 is the 40 GB one
// and a bare V100 the 16 GB one; H100 and H100-80GB are the same.
var products = map[string]product{
	"GB300":       {gfd: []string{"NVIDIA-GB300"}},
	"GB200":       {gke: "nvidia-gb200", gfd: []string{"NVIDIA-GB200"}},
	"B300":        {gfd: []string{"NVIDIA-B300-SXM6-AC"}},
	"B200":        {gke: "nvidia-b200", gfd: []string{"NVIDIA-B200"}},
	"B100":        {gfd: []string{"NVIDIA-B100"}},
	"GH200":       {gfd: []string{"NVIDIA-GH200-480GB", "NVIDIA-GH200-120GB"}},
	"H200":        {gke: "nvidia-h200-141gb", gfd: []string{"NVIDIA-H200", "NVIDIA-H200-NVL"}},
	"H100":        {aliases: []string{"H100-80GB"}, gke: "nvidia-h100-80gb", gfd: []string{"NVIDIA-H100-80GB-HBM3", "NVIDIA-H100-PCIe", "NVIDIA-H100-NVL"}},
	"H100-MEGA":   {aliases: []string{"H100-MEGA-80GB"}, gke: "nvidia-h100-mega-80gb"},
	"A100-80GB":   {gke: "nvidia-a100-80gb", gfd: []string{"NVIDIA-A100-SXM4-80GB", "NVIDIA-A100-80GB-PCIe", "NVIDIA-A100X"}},
	"A100":        {aliases: []string{"A100-40GB"}, gke: "nvidia-tesla-a100", gfd: []string{"NVIDIA-A100-SXM4-40GB", "NVIDIA-A100-PCIE-40GB", "A100-SXM4-40GB"}},
	"A10G":        {gfd: []string{"NVIDIA-A10G"}},
	"A10":         {gfd: []string{"NVIDIA-A10"}},
	"A16":         {gfd: []string{"NVIDIA-A16"}},
	"A30":         {gfd: []string{"NVIDIA-A30"}},
	"A40":         {gfd: []string{"NVIDIA-A40"}},
	"RTX6000-Ada": {aliases: []string{"RTX6000"}, gfd: []string{"NVIDIA-RTX-6000-Ada-Generation"}},
	"L40S":        {gfd: []string{"NVIDIA-L40S"}},
	"L40":         {gfd: []string{"NVIDIA-L40"}},
	"L4":          {gke: "nvidia-l4", gfd: []string{"NVIDIA-L4"}},
	"A6000":       {aliases: []string{"RTXA6000"}, gfd: []string{"NVIDIA-RTX-A6000"}},
	"A5000":       {aliases: []string{"RTXA5000"}, gfd: []string{"NVIDIA-RTX-A5000"}},
	"A4000":       {aliases: []string{"RTXA4000"}, gfd: []string{"NVIDIA-RTX-A4000"}},
	"V100-32GB":   {gfd: []string{"Tesla-V100-SXM2-32GB", "Tesla-V100-PCIE-32GB", "Tesla-V100-SXM3-32GB"}},
	"V100":        {aliases: []string{"V100-16GB"}, gke: "nvidia-tesla-v100", gfd: []string{"Tesla-V100-SXM2-16GB", "Tesla-V100-PCIE-16GB"}},
	"P100":        {gke: "nvidia-tesla-p100", gfd: []string{"Tesla-P100-PCIE-16GB", "Tesla-P100-SXM2-16GB"}},
	"P40":         {gfd: []string{"Tesla-P40"}},
	"P4":          {gke: "nvidia-tesla-p4", gfd: []string{"Tesla-P4"}},
	"T4g":         {gfd: []string{"NVIDIA-T4G"}},
	"T4":          {gke: "nvidia-tesla-t4", gfd: []string{"Tesla-T4", "NVIDIA-T4"}},
	"K80":         {gke: "nvidia-tesla-k80", gfd: []string{"Tesla-K80"}},
	"M60":         {gfd: []string{"Tesla-M60"}},
}
