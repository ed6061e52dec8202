package spec

import (
	"strings"
	"testing"
)

func TestCPUs(t *testing.T) {
	tests := map[string]struct {
		in, want string
		atLeast  bool
	}{
		"a whole number":                     {"4", "4", false},
		"at least":                           {"4+", "4", true},
		"a fraction":                         {"0.5", "500m", false},
		"a fraction without the 0":           {".5", "500m", false},
		"thousandths":                        {"500m", "500m", false},
		"a part of a thousandth is rounded":  {"0.0001", "1m", false},
		"a part above a thousandth is too":   {"1.0001", "1001m", false},
		"blanks around do not matter":        {" 2 ", "2", false},
		"at least some thousandths":          {"100m+", "100m", true},
		"as many as there are in a big node": {"128", "128", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parseCPUs(tt.in)
			if err != nil || got.Quantity.String() != tt.want || got.AtLeast != tt.atLeast {
				t.Errorf("parseCPUs(%q) = %s, %v, %v; want %s, %v", tt.in, got.Quantity.String(), got.AtLeast, err, tt.want, tt.atLeast)
			}
		})
	}
	for _, bad := range []string{"", "four", "0", "0m", "-1", "+", "4++", "1e3", "4 cpus", "2000000", strings.Repeat("9", 1000), "0x10", "inf"} {
		if got, err := parseCPUs(bad); err == nil {
			t.Errorf("parseCPUs(%q) = %s, want an error", bad, got.Quantity.String())
		}
	}
}

func TestMemory(t *testing.T) {
	tests := map[string]struct {
		in, want string
		atLeast  bool
	}{
		"a number is in GB, counted as Gi": {"16", "16Gi", false},
		"at least":                         {"16+", "16Gi", true},
		"a part of a GB":                   {"0.5", "512Mi", false},
		"SkyPilot's units":                 {"64GB", "64Gi", false},
		"SkyPilot's units, at least":       {"64gb+", "64Gi", true},
		"Kubernetes' units":                {"512Mi", "512Mi", false},
		"Docker's units":                   {"512m", "512Mi", false},
		"Docker's units, bigger":           {"2g", "2Gi", false},
		"bytes":                            {"1000b", "1k", false},
		"a blank before the unit":          {"4 Gi", "4Gi", false},
		"a part of a byte is rounded up":   {"0.1b", "1", false},
		"a tenth of a GB is rounded up":    {"0.1", "107374183", false},
		"petabytes":                        {"1PB", "1Pi", false},
		"Kubernetes' 1000s become 1024s":   {"1G", "1Gi", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parseMemory(tt.in)
			if err != nil || got.Quantity.String() != tt.want || got.AtLeast != tt.atLeast {
				t.Errorf("parseMemory(%q) = %s, %v, %v; want %s, %v", tt.in, got.Quantity.String(), got.AtLeast, err, tt.want, tt.atLeast)
			}
		})
	}
	for _, bad := range []string{"", "lots", "0", "0.0Gi", "-1", "12q", "1Ei", "9999999999Pi", "536870912", strings.Repeat("9", 1000), "1e9"} {
		if got, err := parseMemory(bad); err == nil {
			t.Errorf("parseMemory(%q) = %s, want an error", bad, got.Quantity.String())
		}
	}
}

func TestASizeHasNoPlus(t *testing.T) {
	if q, err := ParseSize("100"); err != nil || q.String() != "100Gi" {
		t.Errorf("ParseSize(100) = %s, %v", q.String(), err)
	}
	if _, err := ParseSize("100+"); err == nil || !strings.Contains(err.Error(), `cannot have a "+"`) {
		t.Errorf("ParseSize(100+): %v", err)
	}
}

func TestAccelerator(t *testing.T) {
	tests := map[string]struct {
		in   string
		want Accelerator
	}{
		"a model":                    {"H100", Accelerator{Name: "H100", Count: 1}},
		"a model and a number":       {"A100-80GB:8", Accelerator{Name: "A100-80GB", Count: 8}},
		"a fraction of a device":     {"T4:0.5", Accelerator{Name: "T4", Count: 0.5}},
		"the user's letters stay":    {"v100:1", Accelerator{Name: "v100", Count: 1}},
		"a TPU":                      {"tpu-v5p-8", Accelerator{Name: "tpu-v5p-8", Count: 1}},
		"a number is of any model":   {"2", Accelerator{Count: 2}},
		"memory":                     {"80GB", Accelerator{Count: 1, MinMemory: 80e9, ExactMemory: true}},
		"at least that memory":       {"40GB+:2", Accelerator{Count: 2, MinMemory: 40e9}},
		"at least, of one vendor":    {"NVIDIA:40GB+", Accelerator{Count: 1, MinMemory: 40e9, Vendor: "NVIDIA"}},
		"all that there is to write": {"amd:0.5tb+:4", Accelerator{Count: 4, MinMemory: 5e11, Vendor: "amd"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got, err := parseAccelerator(tt.in); err != nil || got != tt.want {
				t.Errorf("parseAccelerator(%q) = %+v, %v; want %+v", tt.in, got, err, tt.want)
			}
		})
	}
	for _, bad := range []string{"", "H100:", "H100:0", "H100:-1", "H100:x", "H100:8:8", "0", ":8", "NVIDIA:40GB+:0", "H100:4096", "nvidia.com/gpu", "0GB"} {
		if got, err := parseAccelerator(bad); err == nil {
			t.Errorf("parseAccelerator(%q) = %+v, want an error", bad, got)
		}
	}
}
