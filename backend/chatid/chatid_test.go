package chatid

import "testing"

func TestScope(t *testing.T) {
	t.Parallel()
	// From the Chats API specification, section 3.1.
	const want ScopeID = "0b7c1f0e-3a55-4b1d-9a60-5d2f4c8e1a11_7d9e2c44-61f3-4f0a-8b27-93c5e0a4d6b2"
	got := Scope("0b7c1f0e-3a55-4b1d-9a60-5d2f4c8e1a11", "7d9e2c44-61f3-4f0a-8b27-93c5e0a4d6b2")
	if got != want {
		t.Fatalf("Scope = %s, want %s", got, want)
	}
	c, a, ok := got.Split()
	if !ok || c != "0b7c1f0e-3a55-4b1d-9a60-5d2f4c8e1a11" || a != "7d9e2c44-61f3-4f0a-8b27-93c5e0a4d6b2" {
		t.Errorf("Split(%s) = %s, %s, %v", got, c, a, ok)
	}
	for _, bad := range []ScopeID{"", "_", want[:72], want + "0", "0b7c1f0e-3a55-4b1d-9a60-5d2f4c8e1a11-7d9e2c44-61f3-4f0a-8b27-93c5e0a4d6b2", "zb7c1f0e-3a55-4b1d-9a60-5d2f4c8e1a11_7d9e2c44-61f3-4f0a-8b27-93c5e0a4d6b2"} {
		if _, _, ok := bad.Split(); ok {
			t.Errorf("Split(%q) took a malformed scope", bad)
		}
	}
}

func TestValidTakesAnyVersion(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"af9945ff-1490-4cad-807d-945c15d88bec":  true,
		"00000000-0000-0000-0000-000000000000":  true,
		"AF9945FF-1490-FCAD-F07D-945C15D88BEC":  true,
		"af9945ff14904cad807d945c15d88bec":      false,
		"{af9945ff-1490-4cad-807d-945c15d88be}": false,
		"af9945ff-1490-4cad-807d-945c15d88bex":  false,
		"":                                      false,
	} {
		if got := Valid(s); got != want {
			t.Errorf("Valid(%q) = %v, want %v", s, got, want)
		}
	}
}
