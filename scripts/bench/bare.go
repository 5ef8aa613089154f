package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	_ "github.com/mattn/go-sqlite3"    // driver "sqlite3"
)

// What the machine can do at best, measured without anything of the server.

// bareGin takes a JSON message and does nothing with it.
func bareGin() http.Handler {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.POST("/v1/messages", func(c *gin.Context) {
		var in struct {
			ClientID string `json:"client_id" binding:"required,len=36"`
			Text     string `json:"text" binding:"required"`
		}
		if err := c.ShouldBindJSON(&in); err != nil {
			c.AbortWithStatus(http.StatusBadRequest)
			return
		}
		c.JSON(http.StatusOK, gin.H{"client_id": in.ClientID})
	})
	return r
}

const floorLogVariable = "LEADLINE_BENCH_FLOOR_LOG"

// floor is the least that a server of hooks can do: check the signature, sync one
// write for all that wait, push to the readers in order, answer.
type floor struct {
	log   *os.File
	queue chan floorItem

	mu      sync.Mutex
	readers map[string]net.Conn
}

type floorItem struct {
	body []byte
	done chan error
}

func newFloor(path string) (*floor, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	s := &floor{log: f, queue: make(chan floorItem, 256), readers: map[string]net.Conn{}}
	go s.write()
	return s, nil
}

func (s *floor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet { // a reader of the thread that the query names
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.readers[r.URL.RawQuery] = conn
		s.mu.Unlock()
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 256<<10))
	if err != nil || subtle.ConstantTimeCompare([]byte(r.Header.Get("X-Signature")), []byte(signature(body))) != 1 {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	item := floorItem{body: body, done: make(chan error, 1)}
	s.queue <- item
	if err := <-item.done; err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

func (s *floor) write() {
	var block bytes.Buffer
	var batch []floorItem
	for first := range s.queue {
		block.Reset()
		batch = append(batch[:0], first)
		for waiting := true; waiting && len(batch) < cap(s.queue); {
			select {
			case next := <-s.queue:
				batch = append(batch, next)
			default:
				waiting = false
			}
		}
		for _, i := range batch {
			block.Write(i.body)
			block.WriteByte('\n')
		}
		_, err := s.log.Write(block.Bytes())
		if err == nil {
			err = s.log.Sync()
		}
		for _, i := range batch {
			if err == nil {
				_, conversation, _ := bytes.Cut(i.body, []byte(`"conversation":`))
				s.mu.Lock()
				reader := s.readers[quoted(conversation, "client_id")]
				s.mu.Unlock()
				if reader != nil {
					_, _ = reader.Write(append(i.body, '\n'))
				}
			}
			i.done <- err
		}
	}
}

// signature is that of a hook (C §4.1).
func signature(body []byte) string {
	m := hmac.New(sha1.New, []byte(channelSecret))
	m.Write(body)
	return hex.EncodeToString(m.Sum(nil))
}

// commits is a table of the database kind under test, and rows in it.
type commits struct {
	db       *sql.DB
	postgres bool
}

func openCommits(o options) (*commits, error) {
	c := &commits{postgres: o.database != ""}
	var err error
	if c.postgres {
		if c.db, err = sql.Open("pgx", o.database); err != nil {
			return nil, err
		}
		c.db.SetMaxOpenConns(senders)
		c.db.SetMaxIdleConns(senders)
		_, err = c.db.Exec("CREATE TABLE IF NOT EXISTS bench_bare (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text TEXT NOT NULL)")
		return c, err
	}
	if c.db, err = sql.Open("sqlite3", "file:"+filepath.Join(o.dir, "bare.db")+"?_journal_mode=WAL&_synchronous=FULL&_txlock=immediate"); err != nil {
		return nil, err
	}
	c.db.SetMaxOpenConns(1)
	_, err = c.db.Exec("CREATE TABLE bench_bare (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")
	return c, err
}

// each commits one row after another from a number of callers; rows per second.
func (c *commits) each(callers int, d time.Duration) (float64, error) {
	query := "INSERT INTO bench_bare (text) VALUES (?)"
	if c.postgres {
		query = "INSERT INTO bench_bare (text) VALUES ($1)"
	}
	insert, err := c.db.Prepare(query)
	if err != nil {
		return 0, err
	}
	defer insert.Close()
	return c.callers(callers, d, func(text string) error {
		_, err := insert.Exec(text)
		return err
	})
}

// grouped commits all rows that wait at once.
func (c *commits) grouped(callers int, d time.Duration) (float64, error) {
	type row struct {
		text string
		done chan error
	}
	queue := make(chan row)
	conn, err := c.db.Conn(context.Background())
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	insert, err := conn.PrepareContext(context.Background(), "INSERT INTO bench_bare (text) VALUES (?)")
	if err != nil {
		return 0, err
	}
	defer insert.Close()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		var batch []row
		for first := range queue {
			batch = append(batch[:0], first)
			for waiting := true; waiting; {
				select {
				case r, ok := <-queue:
					if !ok {
						waiting = false
						break
					}
					batch = append(batch, r)
				default:
					waiting = false
				}
			}
			_, err := conn.ExecContext(context.Background(), "BEGIN IMMEDIATE")
			for _, r := range batch {
				if err == nil {
					_, err = insert.Exec(r.text)
				}
			}
			if err == nil {
				_, err = conn.ExecContext(context.Background(), "COMMIT")
			}
			for _, r := range batch {
				r.done <- err
			}
		}
	}()
	n, err := c.callers(callers, d, func(text string) error {
		r := row{text, make(chan error, 1)}
		queue <- r
		return <-r.done
	})
	close(queue)
	<-ended
	return n, err
}

func (c *commits) callers(n int, d time.Duration, op func(text string) error) (float64, error) {
	begin := time.Now()
	var rows atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	for k := range n {
		wg.Go(func() {
			for i := int64(1); time.Since(begin) < d; i++ {
				if err := op(benchText(k, i, begin)); err != nil {
					failed.Store(&err)
					return
				}
				rows.Add(1)
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return 0, fmt.Errorf("commit a row: %w", *err)
	}
	return float64(rows.Load()) / time.Since(begin).Seconds(), nil
}
