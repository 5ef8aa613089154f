package realtime

import "context"

// Bus passes hints between instances. It is never the truth: it may drop,
// repeat and reorder, for a stream reads the database when it is woken and once
// more with each ping.
type Bus interface {
	// Publish passes a hint to the other instances. It must not wait: an
	// implementation with a network behind it keeps a bounded queue, sends many
	// hints in one statement, outside of any writing transaction, and drops what
	// does not fit.
	Publish(hint Hint, topics ...Topic)
	// Run receives the hints of the other instances and hands them to deliver
	// until ctx ends, then returns nil. It reconnects by itself and calls missed
	// after each time in which hints may have been lost. Hints of this instance
	// that come back do no harm.
	Run(ctx context.Context, deliver func(Hint, ...Topic), missed func()) error
}

// InProcess is the bus of a single instance: there is nobody else to tell.
type InProcess struct{}

// Publish does nothing; the hub has woken its own subscribers already.
func (InProcess) Publish(Hint, ...Topic) {}

// Run waits for ctx.
func (InProcess) Run(ctx context.Context, _ func(Hint, ...Topic), _ func()) error {
	<-ctx.Done()
	return nil
}
