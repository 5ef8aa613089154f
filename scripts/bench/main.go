// Command bench measures the server beside the bare limits of the same machine,
// in the same run, and prints both and their ratios (backend/docs/bench.md).
//
// The server under test, the bare servers and the generator of load are processes
// of their own on loopback. Everything is measured in short rounds, each of them
// one after another, again and again, so that what else the machine does hits all
// alike; of the rounds the median counts. It is no test: it fails only when it
// cannot measure.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"time"
)

// options are what one may choose.
type options struct {
	rounds   int
	round    time.Duration
	database string         // DSN; SQLite in dir when empty
	profile  string         // folder for CPU profiles of the server, "" for none
	only     *regexp.Regexp // names of measurements to make; nil for all
	dir      string
	out      io.Writer
}

func main() {
	if role := os.Getenv(roleVariable); role != "" {
		exit(serve(role))
	}
	o := options{out: os.Stdout}
	flag.IntVar(&o.rounds, "rounds", 5, "how often everything is measured")
	flag.DurationVar(&o.round, "round", time.Second, "how long one measurement lasts")
	flag.StringVar(&o.database, "postgres", "", "postgres://… of an empty database, instead of SQLite")
	flag.StringVar(&o.profile, "profile", "", "folder to write CPU profiles of the server into, one for each kind of work")
	only := flag.String("only", "", "regular expression: which measurements to make, by name; all when empty")
	flag.Parse()
	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		exit(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	exit(run(ctx, o))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// run measures and prints.
func run(ctx context.Context, o options) (err error) {
	if o.rounds < 1 || o.round <= 0 {
		return errors.New("at least one round that lasts")
	}
	if o.dir, err = os.MkdirTemp("", "leadline-bench"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(o.dir)) }()
	if o.profile != "" {
		if o.profile, err = filepath.Abs(o.profile); err == nil {
			err = os.MkdirAll(o.profile, 0o755)
		}
		if err != nil {
			return err
		}
	}
	b, err := prepare(o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	for n := range o.rounds {
		for _, m := range b.measures() {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if o.only != nil && !o.only.MatchString(m.name) {
				continue
			}
			progress("round %d of %d: %s", n+1, o.rounds, m.name)
			if err := m.run(ctx); err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
		}
	}
	progress("")
	b.report(o.out)
	return nil
}

// progress keeps one line of a terminal up to date, and nothing else.
func progress(format string, args ...any) {
	if s, err := os.Stderr.Stat(); err == nil && s.Mode()&os.ModeCharDevice != 0 {
		fmt.Fprintf(os.Stderr, "\r\033[K"+format, args...)
	}
}
