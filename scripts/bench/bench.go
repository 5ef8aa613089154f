package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"time"
)

const (
	senders = 32
	// accounts share the work, as they do in life: the worker gives one of them a
	// quarter of its places at most.
	accounts = 4
	// visitors is a multiple of senders, and many: each may write some messages a
	// second and no more.
	visitors = 48 * senders
	// hookThreads are those of them whom operators answer.
	hookThreads = 7 * senders
)

// bench is everything that runs.
type bench struct {
	o       options
	f       figures
	commits *commits
	crm     *crm

	leadline, floor, gin *child

	threads []thread
	// Of each thread: how many messages were written and how many hooks were sent.
	// A thread belongs to one sender at a time, so nothing guards them.
	written, hooked []int64
	writeFrom       int // where the next round of writing begins
	askFrom         int // and of asking
	zone            string

	browsers  *receiver
	listeners *receiver // at the floor
	floored   []int64
	conns     []net.Conn

	accepted int64 // messages the CRM must get, all in all
	limited  int64 // messages that were refused, for a visitor's limits
}

// prepare starts all servers and lets every visitor write once.
func prepare(o options) (b *bench, err error) {
	b = &bench{o: o, f: figures{}, written: make([]int64, visitors), hooked: make([]int64, visitors), floored: make([]int64, visitors),
		browsers: newReceiver(visitors), listeners: newReceiver(visitors)}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.close())
		}
	}()
	if b.commits, err = openCommits(o); err != nil {
		return b, err
	}
	if b.crm, err = newCRM(visitors); err != nil {
		return b, err
	}
	_, port, err := net.SplitHostPort(b.crm.addr)
	if err != nil {
		return b, err
	}
	b.zone = "amocrm.localhost:" + port
	dsn, keyFile := o.database, filepath.Join(o.dir, "leadline.key")
	if dsn == "" {
		dsn = "sqlite:" + filepath.Join(o.dir, "leadline.db")
	}
	if b.threads, err = seed(context.Background(), dsn, keyFile, b.zone, accounts, visitors); err != nil {
		return b, fmt.Errorf("seed the database: %w", err)
	}
	if b.floor, err = start(roleFloor, floorLogVariable+"="+filepath.Join(o.dir, "floor.log")); err != nil {
		return b, err
	}
	if b.gin, err = start(roleGin); err != nil {
		return b, err
	}
	crmURL := "http://" + b.crm.addr
	b.leadline, err = start(roleLeadline,
		"LEADLINE_APP_URL=http://"+appHost, "LEADLINE_CHAT_URL=http://"+chatHost, "LEADLINE_TRUST_PROXY=true",
		"LEADLINE_DATABASE="+dsn, "LEADLINE_KEY_FILE="+keyFile, "LEADLINE_MEDIA_DIR="+filepath.Join(o.dir, "media"),
		"LEADLINE_DEV_ZONES="+b.zone, "LEADLINE_DEV_AMOJO_URL="+crmURL, "LEADLINE_DEV_CONSENT_URL="+crmURL+"/oauth",
		"LEADLINE_DEV_CLIENT_ID="+clientUUID, "LEADLINE_DEV_CLIENT_SECRET="+clientSecret,
		"LEADLINE_DEV_CHANNEL_ID="+channelID, "LEADLINE_DEV_CHANNEL_SECRET="+channelSecret,
		"LEADLINE_DEV_CHANNEL_CODE=amo.ext.bench", "LEADLINE_DEV_WIDGET_CODE=bench")
	if err != nil {
		return b, err
	}
	return b, b.warm()
}

// warm lets every visitor write once and opens all streams.
func (b *bench) warm() error {
	c := &client{addr: b.leadline.addr}
	defer c.close()
	for v := range b.threads {
		status, err := c.do(b.message(v, time.Now()))
		if err != nil || status != 200 {
			return fmt.Errorf("first message of a visitor: status %d, %w", status, err)
		}
		b.accepted++
	}
	if err := b.delivered(); err != nil {
		return err
	}
	for v, t := range b.threads {
		conn, err := listen(b.leadline.addr, t, b.browsers)
		if err != nil {
			return fmt.Errorf("open a stream: %w", err)
		}
		b.conns = append(b.conns, conn)
		if v < hookThreads {
			if conn, err = listenFloor(b.floor.addr, b.crm.conversation(v), b.listeners); err != nil {
				return fmt.Errorf("open a stream at the floor: %w", err)
			}
			b.conns = append(b.conns, conn)
		}
	}
	b.crm.taken.take()
	return nil
}

// close ends everything that was started.
func (b *bench) close() error {
	var errs []error
	for _, c := range b.conns {
		_ = c.Close()
	}
	for _, c := range []*child{b.leadline, b.floor, b.gin} {
		if c != nil {
			errs = append(errs, c.close())
		}
	}
	if b.crm != nil {
		errs = append(errs, b.crm.srv.Close())
	}
	if b.commits != nil {
		errs = append(errs, b.commits.db.Close())
	}
	return errors.Join(errs...)
}

// message is the next request of a visitor who writes.
func (b *bench) message(v int, at time.Time) []byte {
	b.written[v]++
	id := fmt.Sprintf("%08d-0000-4000-8000-%012d", v, b.written[v])
	body, _ := json.Marshal(map[string]any{"client_id": id, "text": benchText(v, b.written[v], at), "locale": "ru"})
	t := b.threads[v]
	return request(chatHost, "/v1/messages",
		[]string{"Authorization: Bearer " + t.token, "Origin: http://" + chatHost, "X-Forwarded-For: " + t.address}, body)
}

// hook is the next message of an operator to a thread, as C §4.3 has it, signed.
func (b *bench) hook(v int, n int64, at time.Time, headers ...string) []byte {
	ref := fmt.Sprintf("e%07d-0000-4000-8000-%012d", v, n)
	t, ms := b.threads[v], at.UnixMilli()
	body := fmt.Appendf(nil, `{"account_id":"%s","time":%d,"message":{"receiver":{"id":"%s","phone":"","email":"","client_id":"b0000000-0000-4000-8000-%012d"},`+
		`"sender":{"id":"f0000000-0000-4000-8000-000000000001","name":"Vera"},"conversation":{"id":"%s","client_id":"%s"},`+
		`"source":{"external_id":""},"timestamp":%d,"msec_timestamp":%d,"message":{"id":"%s","type":"text","text":"%s","markup":null,"tag":"","media":"","thumbnail":"","file_name":"","file_size":0}}}`,
		t.amojo, ms/1000, userRef(v), v, chatRef(v), b.crm.conversation(v), ms/1000, ms, ref, benchText(v, n, at))
	return request(appHost, "/hooks/amojo/"+string(t.scope), append(headers, "X-Signature: "+signature(body)), body)
}

// delivered waits until the CRM has all that was accepted.
func (b *bench) delivered() error {
	return reach(b.crm.receiver, b.accepted, "messages at the CRM")
}

// reach waits until as many have arrived.
func reach(r *receiver, want int64, what string) error {
	for end := time.Now().Add(time.Minute); ; time.Sleep(2 * time.Millisecond) {
		n, _ := r.count()
		switch {
		case n >= want:
			return nil
		case time.Now().After(end):
			return fmt.Errorf("%d %s of %d within a minute", n, what, want)
		}
	}
}
