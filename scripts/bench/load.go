package main

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// load is one round of sending.
type load struct {
	senders int
	// rate is how many set out each second, at fixed times whatever is answered;
	// 0 is as many as the answers allow.
	rate int
	addr string
	once bool
	// make gives the i-th request of a sender; due is when it should set out.
	make func(sender, i int, due time.Time) []byte
}

// sent is what came of it.
type sent struct {
	ok, limited, failed int64
	begin               time.Time
	elapsed             time.Duration
	answered            latencies
	most                int // of one sender
}

// run sends for a while and waits for all answers.
func (l load) run(d time.Duration) *sent {
	s := &sent{begin: time.Now()}
	var ok, limited, failed, most atomic.Int64
	end := s.begin.Add(d)
	var wg sync.WaitGroup
	for n := range l.senders {
		wg.Go(func() {
			c := &client{addr: l.addr, once: l.once}
			defer c.close()
			for i := 0; ; i++ {
				due := time.Now()
				if l.rate > 0 {
					due = s.begin.Add(time.Duration(i*l.senders+n) * time.Second / time.Duration(l.rate))
				}
				if due.After(end) {
					break
				}
				time.Sleep(time.Until(due))
				status, err := c.do(l.make(n, i, due))
				switch {
				case err == nil && status == 200:
					ok.Add(1)
				case err == nil && status == 429:
					limited.Add(1)
				default:
					failed.Add(1)
				}
				s.answered.add(time.Since(due))
				for m := most.Load(); int64(i)+1 > m && !most.CompareAndSwap(m, int64(i)+1); m = most.Load() {
				}
			}
		})
	}
	wg.Wait()
	s.elapsed = time.Since(s.begin)
	s.ok, s.limited, s.failed, s.most = ok.Load(), limited.Load(), failed.Load(), int(most.Load())
	return s
}

func (s *sent) perSecond() float64 { return float64(s.ok) / s.elapsed.Seconds() }

// whole is an error when anything was refused.
func (s *sent) whole() error {
	if s.failed > 0 || s.ok == 0 {
		return errors.New("requests failed: what would be measured is not the work")
	}
	return nil
}
