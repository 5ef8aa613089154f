package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"time"

	"leadline/backend/app"
	"leadline/backend/config"
)

// roleVariable makes this program one of the servers.
const roleVariable = "LEADLINE_BENCH_ROLE"

const (
	roleLeadline = "leadline"
	roleFloor    = "floor"
	roleGin      = "gin"
)

// serve is a child: it prints its address, obeys the lines of its standard input
// and ends with it. "cpu" prints the microseconds of processor it has used,
// "profile PATH" begins a CPU profile, "stop" ends it.
func serve(role string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan error, 1)
	switch role {
	case roleLeadline:
		cfg, err := config.Load(nil)
		if err != nil {
			return err
		}
		a, err := app.New(ctx, cfg, app.Options{Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))})
		if err != nil {
			return err
		}
		go func() { ended <- a.Run(ctx, l) }()
	case roleFloor:
		f, err := newFloor(os.Getenv(floorLogVariable))
		if err != nil {
			return err
		}
		go func() { ended <- http.Serve(l, f) }()
	case roleGin:
		go func() { ended <- http.Serve(l, bareGin()) }()
	default:
		return fmt.Errorf("no such role: %s", role)
	}
	fmt.Println(l.Addr())
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var err error
		word, rest, _ := strings.Cut(lines.Text(), " ")
		switch word {
		case "cpu":
			fmt.Println(cpu().Microseconds())
		case "profile":
			var f *os.File
			if f, err = os.Create(rest); err == nil {
				err = pprof.StartCPUProfile(f)
			}
			fmt.Println("started")
		case "stop":
			pprof.StopCPUProfile()
			fmt.Println("stopped")
		}
		if err != nil {
			return err
		}
	}
	if role != roleLeadline {
		return nil
	}
	stop()
	return <-ended
}

// cpu is what this process has used, its own and the kernel's for it.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// child is a server process.
type child struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	addr string
}

func start(role string, environ ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.Command(self)}
	c.cmd.Env = append(append(os.Environ(), roleVariable+"="+role), environ...)
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewReader(out)
	if err = c.cmd.Start(); err != nil {
		return nil, err
	}
	if c.addr, err = c.line(); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", role, err), c.close())
	}
	return c, nil
}

func (c *child) line() (string, error) {
	s, err := c.out.ReadString('\n')
	return strings.TrimSpace(s), err
}

func (c *child) ask(command string) (string, error) {
	if _, err := fmt.Fprintln(c.in, command); err != nil {
		return "", err
	}
	return c.line()
}

// cpu is the processor time that the child has used.
func (c *child) cpu() (time.Duration, error) {
	s, err := c.ask("cpu")
	if err != nil {
		return 0, err
	}
	us, err := strconv.ParseInt(s, 10, 64)
	return time.Duration(us) * time.Microsecond, err
}

func (c *child) close() error {
	_ = c.in.Close()
	return c.cmd.Wait()
}
