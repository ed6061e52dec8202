package manifest

// product is what the labels say of one canonical model name. The GFD names
// are those of NVIDIA's GPU Feature Discovery: the driver's product name with
// dashes. gke is empty where GKE has no such machines.
type product struct {
	aliases []string // further canonical names for the same device
	gke     string
	gfd     []string
}

// products holds the models that SkyPilot knows. A bare A100 is the 40 GB one
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
