package sandbox

import "testing"

// TestSwitchesAreExplained: whatever can be switched on stands in README.md, whose
// words the dashboard shows.
func TestSwitchesAreExplained(t *testing.T) {
	t.Parallel()
	all := allSwitches()
	if len(all["faults"]) < 10 || len(all["variants"]) < 40 {
		t.Fatalf("%d faults and %d variants", len(all["faults"]), len(all["variants"]))
	}
	for group, list := range all {
		for _, s := range list {
			if s.Help == "" {
				t.Errorf("README.md does not explain %s of the %s", s.Name, group)
			}
		}
	}
}
