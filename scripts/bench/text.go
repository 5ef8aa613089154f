package main

import (
	"bytes"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// A message of the bench says in its text whose it is, the how manyth of that
// thread, and when it set out, so that who receives it can check the order, find
// repeats and tell the time that it took.

const textMark = `"text":"bench `

// benchText is a message of common length.
func benchText(thread int, n int64, at time.Time) string {
	return fmt.Sprintf("bench %d %d %d Здравствуйте! Подскажите, пожалуйста, есть ли доставка в субботу?", thread, n, at.UnixNano())
}

// readText finds such a text in JSON; ok is false when there is none.
func readText(json []byte) (thread int, n int64, at time.Time, ok bool) {
	i := bytes.Index(json, []byte(textMark))
	if i < 0 {
		return 0, 0, time.Time{}, false
	}
	var v [3]int64
	rest := json[i+len(textMark):]
	for k := range v {
		end := bytes.IndexByte(rest, ' ')
		if end < 0 {
			return 0, 0, time.Time{}, false
		}
		var err error
		if v[k], err = strconv.ParseInt(string(rest[:end]), 10, 64); err != nil {
			return 0, 0, time.Time{}, false
		}
		rest = rest[end+1:]
	}
	return int(v[0]), v[1], time.Unix(0, v[2]), true
}

// quoted is the JSON string that follows key.
func quoted(json []byte, key string) string {
	_, rest, _ := bytes.Cut(json, []byte(`"`+key+`":"`))
	value, _, _ := bytes.Cut(rest, []byte{'"'})
	return string(value)
}

// receiver checks what arrives of a number of threads.
type receiver struct {
	mu         sync.Mutex
	last       []int64
	arrived    int64
	lastAt     time.Time
	unexpected int64 // came again, or after a later one
	taken      latencies
}

func newReceiver(threads int) *receiver { return &receiver{last: make([]int64, threads)} }

// got notes one arrival.
func (r *receiver) got(json []byte) {
	thread, n, at, ok := readText(json)
	if !ok {
		return
	}
	now := time.Now()
	r.mu.Lock()
	if n <= r.last[thread] {
		r.unexpected++
	}
	r.last[thread] = max(r.last[thread], n)
	r.arrived++
	r.lastAt = now
	r.mu.Unlock()
	r.taken.add(now.Sub(at))
}

func (r *receiver) count() (arrived int64, last time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.arrived, r.lastAt
}
