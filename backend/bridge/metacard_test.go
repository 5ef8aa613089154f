package bridge

import "testing"

// TestMadeNames: META-1. A lead's name that somebody chose stays, also where it holds
// what the visitor is called.
func TestMadeNames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, visitor string
		made          bool
	}{
		{"", "Anna", true},
		{"Anna", "Anna", true},
		{"Chat with Anna", "Anna", true},
		{"Заявка: Анна", "Анна", true},
		{"Lead #1234567", "Anna", true},
		{"Сделка #1234567", "", true},
		{"1234567", "Anna", true},
		{"Anna's wedding, 120 guests", "Anna", false},
		{"Contract with Annapolis Ltd", "Anna", false},
		{"Tender", "e", false},
		{"House", "e", false},
		{"Invoice 91234567", "Anna", false},
		{"Invoice 12345678", "Anna", false},
		{"Susanna", "anna", false},
	} {
		if got := madeName(tt.name, "1234567", tt.visitor); got != tt.made {
			t.Errorf("%q of visitor %q: made up by the CRM %v, want %v", tt.name, tt.visitor, got, tt.made)
		}
	}
}
