// Package widgetzip makes and checks widget.zip, the archive that is uploaded
// to the marketplace of amoCRM or Kommo.
//
// Build takes the sources of widget/, puts in what differs between products and
// answers the same bytes for the same input. Check applies the rules of
// moderation to any archive, ours or not. The package knows nothing of the
// server; rule ids (Z01, J04, …) are those of the widget specification.
//
//	raw, err := widgetzip.Build(os.DirFS("widget"), widgetzip.Options{Platform: widgetzip.AmoCRM, BackendURL: "https://app.example.com", …})
//	for _, f := range widgetzip.Check(raw, "widget.zip", widgetzip.Options{Platform: widgetzip.AmoCRM}) {
//		fmt.Println(f)
//	}
package widgetzip

// Platforms that an archive is made for.
const (
	AmoCRM = "amocrm" // amocrm.ru
	Kommo  = "kommo"  // kommo.com
	Dev    = "dev"    // the sandbox on one machine: as amoCRM, and plain http to *.localhost
)

// FileName is the only name under which the marketplace takes an archive (Z01).
const FileName = "widget.zip"

// Options say what to build or to check for.
type Options struct {
	Platform     string // AmoCRM, Kommo or Dev
	BackendURL   string // scheme and host of the server, without a path; https except for Dev
	SupportLink  string // page of the support, https
	SupportEmail string
	SupportPhone string // may be empty; shown in other languages than Russian only when it begins with +1 (L06)
	// SupportEmailIntl and SupportPhoneIntl stand in texts of other languages than
	// Russian instead, where a Russian address or phone may not (L05, L06); may be empty.
	SupportEmailIntl string
	SupportPhoneIntl string
	Version          string   // dotted digits; empty means that of manifest.json
	Forbidden        []string // secrets that must not be in the archive (J19); empty strings are skipped

	Own      bool   // the archive is this product's own: M15 applies
	Previous string // version of the last upload, empty when it is not known (M04)
	// Accepted are findings that were looked at and let stand, as RULE, RULE:FILE or
	// RULE:FILE:LINE; they are still reported, as accepted. Refused ones never are.
	Accepted  []string
	Published []string // SHA-256 of archives that are published already, hexadecimal (Z11)
}

// product is what differs between platforms.
type product struct {
	crm     string   // how the CRM is called in texts
	locales []string // languages of the archive, in the manifest's order
	allowed []string // languages that the marketplace takes (M03)
}

var products = map[string]product{
	AmoCRM: {crm: "amoCRM", locales: []string{"ru", "en", "es", "pt"}, allowed: []string{"ru", "en", "es", "pt"}},
	Kommo:  {crm: "Kommo", locales: []string{"en", "es", "pt"}, allowed: []string{"en", "es", "pt", "tr", "id"}},
	Dev:    {crm: "amoCRM", locales: []string{"ru", "en", "es", "pt"}, allowed: []string{"ru", "en", "es", "pt"}},
}
