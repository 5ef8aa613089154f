package store

import (
	"testing"
	"time"
)

// Where one process has the database, a file that a dead one was fetching is
// nobody's, and the try counts; one that waits for its next try goes on waiting.
func TestAdoptFreesTheFilesOfTheDead(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		c := w.known(t, "v1")
		later := w.operatorsFile(c, "later")
		w.receive(t, later)
		f := w.claimFetches(t, 5)[0]
		f.Attempts = 3
		must(t, w.Conversations().FetchLater(testContext, f, w.now.Add(time.Hour)))
		dead := w.operatorsFile(c, "dead")
		w.receive(t, dead)
		equal(t, "claimed", len(w.claimFetches(t, 5)), 1)
		equal(t, "claimed of another's", len(w.claimFetches(t, 5)), 0)
		must(t, w.Outbox().Adopt(testContext))
		got := w.claimFetches(t, 5)
		if w.postgres {
			equal(t, "claimed from a process that may live", len(got), 0)
			return
		}
		equal(t, "claimed after its death", len(got), 1)
		equal(t, "file", got[0].File.ID, dead.File.ID)
		equal(t, "tries", got[0].Attempts, 1)
		w.saveFetched(t, fetched(got[0]), nil)
		w.now = w.now.Add(time.Hour)
		got = w.claimFetches(t, 5)
		equal(t, "claimed in its time", len(got), 1)
		equal(t, "file that waited", got[0].File.ID, later.File.ID)
		equal(t, "its tries", got[0].Attempts, 3)
	})
}

// A claim that is renewed is nobody else's; one that ran out is, and counts.
func TestRenewedFetch(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.receive(t, w.operatorsFile(w.known(t, "v1"), ""))
		mine := w.claimFetches(t, 5)[0]
		w.now = w.now.Add(lease - time.Second)
		must(t, w.Conversations().RenewFetch(testContext, mine, w.now.Add(lease)))
		w.now = w.now.Add(lease - time.Second)
		equal(t, "claimed of another's", len(w.claimFetches(t, 5)), 0)
		w.now = w.now.Add(2 * time.Second)
		next := w.claimFetches(t, 5)
		equal(t, "claimed after it ran out", len(next), 1)
		equal(t, "tries", next[0].Attempts, 1)
		// The former holder changes nothing any more.
		must(t, w.Conversations().RenewFetch(testContext, mine, w.now.Add(time.Hour)))
		w.now = w.now.Add(lease)
		again := w.claimFetches(t, 5)
		equal(t, "claimed once more", len(again), 1)
		equal(t, "tries", again[0].Attempts, 2)
	})
}
