package store

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"leadline/backend/chatid"
)

func newIDs() *atomic.Int64 { return new(atomic.Int64) }

// callers runs one operation b.N times from n goroutines.
func callers(b *testing.B, n int, op func(caller int) error) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	b.ResetTimer()
	for c := range n {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := op(c); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

func onEach(b *testing.B, bench func(b *testing.B, w *world, callers int)) {
	for _, n := range []int{1, 32} {
		b.Run(fmt.Sprintf("sqlite/callers=%d", n), func(b *testing.B) {
			bench(b, newWorld(b, "sqlite:"+filepath.Join(b.TempDir(), "leadline.db")), n)
		})
		b.Run(fmt.Sprintf("postgres/callers=%d", n), func(b *testing.B) {
			bench(b, newWorld(b, postgresDSN(b)), n)
		})
	}
}

const benchText = "Здравствуйте! Подскажите, пожалуйста, есть ли доставка в субботу?"

func BenchmarkSaveInbound(b *testing.B) {
	onEach(b, func(b *testing.B, w *world, n int) {
		callers(b, n, func(c int) error {
			in := w.inbound(chatid.VisitorID(fmt.Sprint("v", c)), benchText)
			in.Now, in.MaxWaiting = time.Now(), 0
			_, err := w.Conversations().SaveInbound(testContext, in)
			return err
		})
	})
}

func BenchmarkSaveOutbound(b *testing.B) {
	onEach(b, func(b *testing.B, w *world, n int) {
		threads := make([]chatid.ConversationID, n)
		for c := range n {
			threads[c] = w.known(b, chatid.VisitorID(fmt.Sprint("v", c)))
		}
		callers(b, n, func(c int) error {
			_, err := w.Conversations().SaveOutbound(testContext, w.outbound(threads[c], benchText))
			return err
		})
	})
}

// BenchmarkRepeatedOutbound is a hook that came before.
func BenchmarkRepeatedOutbound(b *testing.B) {
	onEach(b, func(b *testing.B, w *world, n int) {
		in := w.outbound(w.known(b, "v1"), benchText)
		w.receive(b, in)
		callers(b, n, func(int) error {
			_, err := w.Conversations().SaveOutbound(testContext, in)
			return err
		})
	})
}

// BenchmarkBareCommit is the floor: one row, one synced commit, one caller; and
// one synced write to a plain file.
func BenchmarkBareCommit(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) {
		w := newWorld(b, "sqlite:"+filepath.Join(b.TempDir(), "leadline.db"))
		must(b, w.do(testContext, func(t *tx) error {
			_, err := t.exec("CREATE TABLE bare (id INTEGER PRIMARY KEY, text TEXT)")
			return err
		}))
		callers(b, 1, func(int) error {
			return w.do(testContext, func(t *tx) error {
				_, err := t.exec("INSERT INTO bare (text) VALUES (?)", benchText)
				return err
			})
		})
	})
	b.Run("file", func(b *testing.B) {
		f, err := os.Create(filepath.Join(b.TempDir(), "log"))
		must(b, err)
		b.Cleanup(func() { _ = f.Close() })
		callers(b, 1, func(int) error {
			if _, err := f.WriteString(benchText); err != nil {
				return err
			}
			return f.Sync()
		})
	})
}
