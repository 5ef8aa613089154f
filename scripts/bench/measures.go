package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// measure is one measurement of a round.
type measure struct {
	name string
	run  func(context.Context) error
}

// Names of figures, which the report looks up.
const (
	commitOne     = "durable commits/s, a row each, 1 caller"
	commitMany    = "durable commits/s, a row each, 32 callers"
	commitGrouped = "durable rows/s, commits shared, 32 callers"
	ginOne        = "gin handlers/s, 1 sender"
	ginMany       = "gin handlers/s, 32 senders"
	floorOne      = "floor hooks/s, 1 sender, connection each"
	floorMany     = "floor hooks/s, 32 senders, connection each"
	floorSteady   = "floor hooks at 200/s, connection each"
	floorKept     = "floor hooks/s, 32 senders, connections kept"
	hooksOne      = "hooks accepted/s, 1 sender"
	hooksMany     = "hooks accepted/s, 32 senders"
	hooksSteady   = "hooks at 200/s"
	writesOne     = "messages accepted/s, 1 sender"
	writesMany    = "messages accepted/s, 32 senders"
	sentMany      = "messages delivered/s, 32 senders"
	writesSteady  = "messages at 500/s"

	ackSuffix    = ": answered after"
	streamSuffix = ": on the stream after"
	crmSuffix    = ": at the CRM after"
	cpuSuffix    = ": processor for each, us"
)

// measures is one round: what is bare and what is ours in turns.
func (b *bench) measures() []measure {
	list := []measure{
		{commitOne, b.commit(commitOne, 1, false)},
		{floorMany, b.floorHooks(floorMany, senders, 0, true)},
		{hooksMany, b.hooks(hooksMany, senders, 0)},
		{floorKept, b.floorHooks(floorKept, senders, 0, false)},
		{commitMany, b.commit(commitMany, senders, false)},
		{ginMany, b.bareWrites(ginMany, senders)},
		{writesMany, b.writes(writesMany, senders, 0)},
		{floorOne, b.floorHooks(floorOne, 1, 0, true)},
		{hooksOne, b.hooks(hooksOne, 1, 0)},
		{ginOne, b.bareWrites(ginOne, 1)},
		{writesOne, b.writes(writesOne, 1, 0)},
		{floorSteady, b.floorHooks(floorSteady, senders, 200, true)},
		{hooksSteady, b.hooks(hooksSteady, senders, 200)},
		{writesSteady, b.writes(writesSteady, senders, 500)},
		{asksMany, b.asks(asksMany, 0)},
		{asksSteady, b.asks(asksSteady, 170)},
	}
	if !b.commits.postgres {
		list = append(list, measure{commitGrouped, b.commit(commitGrouped, senders, true)})
	}
	return list
}

func (b *bench) commit(name string, callers int, grouped bool) func(context.Context) error {
	do := b.commits.each
	if grouped {
		do = b.commits.grouped
	}
	return func(context.Context) error {
		v, err := do(callers, b.o.round)
		b.f.add(name, v)
		return err
	}
}

func (b *bench) bareWrites(name string, n int) func(context.Context) error {
	return b.watched(b.gin, name, func() (*sent, error) {
		s := load{senders: n, addr: b.gin.addr, make: func(sender, i int, due time.Time) []byte {
			body := fmt.Appendf(nil, `{"client_id":"%08d-0000-4000-8000-%012d","text":"%s","locale":"ru"}`, sender, i, benchText(sender, int64(i), due))
			return request("gin", "/v1/messages", nil, body)
		}}.run(b.o.round)
		b.f.add(name, s.perSecond())
		return s, s.whole()
	})
}

func (b *bench) floorHooks(name string, n, rate int, once bool) func(context.Context) error {
	return b.watched(b.floor, name, func() (*sent, error) {
		var headers []string
		if once {
			headers = []string{"Connection: close"}
		}
		before, _ := b.listeners.count()
		s := load{senders: n, rate: rate, addr: b.floor.addr, once: once, make: func(sender, i int, due time.Time) []byte {
			v := (i*n + sender) % hookThreads
			b.floored[v]++
			return b.hook(v, b.floored[v], due, headers...)
		}}.run(b.o.round)
		if err := reach(b.listeners, before+s.ok, "hooks on the floor's streams"); err != nil {
			return nil, err
		}
		if rate == 0 {
			b.f.add(name, s.perSecond())
		}
		b.latency(name+ackSuffix, &s.answered)
		b.latency(name+streamSuffix, &b.listeners.taken)
		return s, s.whole()
	})
}

func (b *bench) hooks(name string, n, rate int) func(context.Context) error {
	return b.watched(b.leadline, name, func() (*sent, error) {
		before, _ := b.browsers.count()
		s := load{senders: n, rate: rate, addr: b.leadline.addr, once: true, make: func(sender, i int, due time.Time) []byte {
			v := (i*n + sender) % hookThreads
			b.hooked[v]++
			return b.hook(v, b.hooked[v], due)
		}}.run(b.o.round)
		if err := reach(b.browsers, before+s.ok, "hooks on the visitors' streams"); err != nil {
			return nil, err
		}
		if rate == 0 {
			b.f.add(name, s.perSecond())
		}
		b.latency(name+ackSuffix, &s.answered)
		b.latency(name+streamSuffix, &b.browsers.taken)
		return s, s.whole()
	})
}

func (b *bench) writes(name string, n, rate int) func(context.Context) error {
	return b.watched(b.leadline, name, func() (*sent, error) {
		from := b.writeFrom
		s := load{senders: n, rate: rate, addr: b.leadline.addr, make: func(sender, i int, due time.Time) []byte {
			return b.message((from+i*n+sender)%visitors, due)
		}}.run(b.o.round)
		b.accepted += s.ok
		b.limited += s.limited
		b.writeFrom = (from + s.most*n + senders) / senders * senders % visitors
		if err := b.delivered(); err != nil {
			return nil, err
		}
		_, last := b.crm.count()
		if rate == 0 {
			b.f.add(name, s.perSecond())
			if name == writesMany {
				b.f.add(sentMany, float64(s.ok)/last.Sub(s.begin).Seconds())
			}
		} else {
			b.latency(name+crmSuffix, &b.crm.taken)
		}
		b.crm.taken.take()
		b.latency(name+ackSuffix, &s.answered)
		return s, s.whole()
	})
}

// watched measures a server's processor around a piece of work, and profiles ours.
func (b *bench) watched(c *child, name string, work func() (*sent, error)) func(context.Context) error {
	profiled := c == b.leadline && b.o.profile != ""
	return func(context.Context) error {
		if profiled {
			file := strings.NewReplacer(" ", "-", "/", "-", ",", "").Replace(name) + ".pprof"
			if _, err := c.ask("profile " + filepath.Join(b.o.profile, file)); err != nil {
				return err
			}
		}
		before, err := c.cpu()
		if err != nil {
			return err
		}
		s, err := work()
		if err != nil {
			return err
		}
		after, err := c.cpu()
		if err != nil {
			return err
		}
		b.f.add(name+cpuSuffix, float64((after-before).Microseconds())/float64(s.ok))
		if profiled {
			_, err = c.ask("stop")
		}
		return err
	}
}

func (b *bench) latency(name string, l *latencies) {
	p50, p99 := l.take()
	b.f.add(name+" p50, ms", p50)
	b.f.add(name+" p99, ms", p99)
}
