package store

import (
	"path/filepath"
	"strings"
	"testing"

	"leadline/backend/fault"
)

// A full disk acknowledges nothing, breaks nothing, and is over when there is
// room again. SQLite's limit of pages fails with the disk's own error.
func TestFullDiskAcknowledgesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+filepath.Join(t.TempDir(), "leadline.db"))
	c := w.write(t, w.inbound("v1", "before")).Message.Conversation
	limit := func(pages int) {
		t.Helper()
		must(t, w.do(testContext, func(t *tx) error {
			var got int
			return t.row("PRAGMA max_page_count = " + strings.Repeat("1", pages)).Scan(&got)
		}))
	}
	limit(1) // less than there are already: no page more
	stored := 1
	full := false
	for range 200 {
		_, err := w.Conversations().SaveInbound(testContext, w.inbound("v1", strings.Repeat("long ", 800)))
		if err != nil {
			wantKind(t, err, fault.Unavailable, storageUnavailable)
			full = true
			break
		}
		stored++
	}
	if !full {
		t.Fatal("the disk was never full")
	}
	equal(t, "stored messages", len(w.all(t, c)), stored)
	limit(8)
	w.write(t, w.inbound("v1", "after"))
	equal(t, "stored messages", len(w.all(t, c)), stored+1)
}

func TestClosedStoreRefuses(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		c := w.known(t, "v1")
		must(t, w.Close())
		err := w.do(testContext, func(*tx) error { return nil })
		wantKind(t, err, fault.Unavailable, storageUnavailable)
		_, err = w.Conversations().SaveInbound(testContext, w.inbound("v1", "x"))
		wantKind(t, err, fault.Unavailable, storageUnavailable)
		_, err = w.Conversations().SaveOutbound(testContext, w.outbound(c, "x"))
		wantKind(t, err, fault.Unavailable, storageUnavailable)
		must(t, w.Close()) // a second time does nothing
	})
}
