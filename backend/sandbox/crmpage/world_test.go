package crmpage

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// world is the rest of the CRM as these tests need it: memory, and a record of
// what the page told it.
type world struct {
	mu      sync.Mutex
	account Account
	users   []User
	state   WidgetState
	sources []Source
	stored  []Notification
	told    []string // "pressed install", "uninstalled", "add source 2"
	broken  []string // "rule: detail"
	asked   int      // tokens asked for
	token   string
	status  int
}

func (w *world) lock() func() { w.mu.Lock(); return w.mu.Unlock }

func (w *world) Account(host string) (Account, bool) {
	return w.account, strings.HasSuffix(host, ".amocrm.localhost")
}
func (w *world) Users(int64) []User { defer w.lock()(); return append([]User(nil), w.users...) }
func (w *world) Pipelines(int64) []Pipeline {
	return []Pipeline{{ID: 11, Name: "Main"}, {ID: 12, Name: "Second"}}
}
func (w *world) Sources(int64, string) []Source {
	defer w.lock()()
	return append([]Source(nil), w.sources...)
}
func (w *world) AddSource(_ int64, _, code string, pipeline int64) {
	defer w.lock()()
	w.told = append(w.told, fmt.Sprint("add source ", pipeline))
	w.sources = append(w.sources, Source{ID: int64(500 + len(w.sources)), Name: "", ExternalID: code, PipelineID: pipeline, Default: true})
}
func (w *world) RemoveSource(_, id int64) {
	defer w.lock()()
	for i, s := range w.sources {
		if s.ID == id {
			w.sources = append(w.sources[:i], w.sources[i+1:]...)
			break
		}
	}
}
func (w *world) DisposableToken(int64, int64, string) (string, int) {
	defer w.lock()()
	w.asked++
	return w.token, w.status
}
func (w *world) Pressed(_, _ int64, _, moment string) {
	defer w.lock()()
	w.told = append(w.told, "pressed "+moment)
}
func (w *world) Uninstalled(int64, string) {
	defer w.lock()()
	w.told = append(w.told, "uninstalled")
}
func (w *world) Widget(int64, string) WidgetState { defer w.lock()(); return w.state }
func (w *world) SaveWidget(_ int64, _ string, s WidgetState) {
	defer w.lock()()
	w.state = s
}
func (w *world) Notify(_, _ int64, n Notification) { defer w.lock()(); w.stored = append(w.stored, n) }
func (w *world) Notifications(int64, int64) []Notification {
	defer w.lock()()
	return append([]Notification(nil), w.stored...)
}
func (w *world) Breach(_ int64, rule, detail string) {
	defer w.lock()()
	w.broken = append(w.broken, rule+": "+detail)
}
func (w *world) Now() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

func (w *world) tolds() string {
	defer w.lock()()
	return strings.Join(w.told, ", ")
}

// breaches lists what has been reported so far.
func (w *world) breaches() []string {
	defer w.lock()()
	return append([]string(nil), w.broken...)
}
