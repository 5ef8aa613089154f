// Package crmpage serves the simulated CRM's web interface: the marketplace
// modal, Digital Pipeline and the loader that runs an unzipped widget.zip the
// way the real page does (specs: widget, sections 4, 6 and 10).
//
// It knows nothing of the chats service or of OAuth; what it needs of the rest
// of the sandbox it asks a World for.
package crmpage

import "time"

// World is the rest of the simulated CRM, as far as its pages need it. All
// methods are safe for concurrent use.
type World interface {
	// Account finds the account whose pages are served on host (without port).
	Account(host string) (Account, bool)
	// Users lists the people of an account; the first one is signed in unless
	// the page was opened for another.
	Users(account int64) []User
	// Pipelines lists the lead pipelines of an account; the first is the main one.
	Pipelines(account int64) []Pipeline
	// Sources lists the lead sources that the integration has in the account,
	// made by the CRM itself or through API v4.
	Sources(account int64, clientUUID string) []Source
	// AddSource attaches the widget to a pipeline as its default source
	// (external id = widget code), unless the integration declared "multiple
	// sources": then it does nothing (W §7.3).
	AddSource(account int64, clientUUID, widgetCode string, pipeline int64)
	// RemoveSource deletes a source by its id.
	RemoveSource(account int64, sourceID int64)

	// DisposableToken makes the token for one user's browser (W §8.2). A status
	// other than 200 is what the token address is to answer instead; a 200 with
	// an empty token is the "no token" fault. The call may take long (fault).
	DisposableToken(account, user int64, clientUUID string) (token string, status int)
	// Pressed tells that an administrator pressed "install" (or skipped the
	// tour), moment "install", or saved the settings, moment "save". The world
	// sends the installation webhook at the moment that its variant names.
	Pressed(account, user int64, clientUUID, moment string)
	// Uninstalled tells that the widget was switched off: tokens become
	// invalid, the channel is disconnected, the "disabled" hook goes out.
	Uninstalled(account int64, clientUUID string)

	// Widget gives the stored state of a widget in an account; the zero value
	// with Status "install" when it was never touched. SaveWidget stores it.
	Widget(account int64, code string) WidgetState
	SaveWidget(account int64, code string, s WidgetState)

	// Notify stores a Notification Center entry (add_error, add_call).
	Notify(account, user int64, n Notification)
	// Notifications lists them, newest first.
	Notifications(account, user int64) []Notification

	// Breach records a broken rule; tests read the list and fail on any entry.
	// rule names the paragraph ("W §10.3 globals"), detail what was seen.
	Breach(account int64, rule, detail string)
	// Now is the sandbox's clock.
	Now() time.Time
}

// Account is one CRM account as its own pages see it.
type Account struct {
	ID        int64
	Subdomain string
	Zone      string // "amocrm.ru", "kommo.com", "amocrm.localhost:9000"
	Name      string
	AmojoID   string
	Language  string // ru, en, es, pt
	Country   string
	Timezone  string
	Origin    string // "https://democo.amocrm.ru", no trailing slash
	Global    bool   // the "global marketplace" profile (Kommo) of the modal
}

// User is one person of an account.
type User struct {
	ID       int64
	Name     string
	Login    string
	AmojoID  string
	Language string
	Admin    bool
	// Presence is "online" or "offline"; "" is online on their own page only.
	Presence string
}

// Pipeline is one lead pipeline.
type Pipeline struct {
	ID   int64
	Name string
}

// Source is one lead source of an integration.
type Source struct {
	ID         int64
	Name       string
	ExternalID string
	PipelineID int64
	Default    bool
}

// WidgetState is what the CRM keeps about a widget in one account.
type WidgetState struct {
	Status   string // install, not_configured, installed, error
	Active   string // Y or N
	Settings string // JSON object as text, "" before the first save
}

// Notification is one stored entry of the Notification Center.
type Notification struct {
	ID     int64
	Type   string // error, call
	Header string
	Text   string
	Link   string
	At     time.Time
	Closed bool
	Raw    map[string]any // the request as the page sent it
}
