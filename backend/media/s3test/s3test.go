// Package s3test gives tests an S3-compatible server: a program of its own that
// `make s3server` builds, nothing that we linked or wrote; a bucket for each test.
// It is for tests alone.
package s3test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Config says where a bucket is and who may use it; it wants the bucket in the path.
type Config struct{ Endpoint, Bucket, Key, Secret, Region string }

// server is the test binary's own, started when the first test wants it.
var server struct {
	once sync.Once
	err  error
	conf Config
	cmd  *exec.Cmd
	dir  string
	done chan struct{}
}

// program is where make puts the server, seen from the packages whose tests use it.
const program = "../../bin/versitygw"

// Bucket makes a bucket whose name begins with name. Where the server was not built
// the test is skipped, or fails if LEADLINE_REQUIRE_S3 is 1. The test binary's
// TestMain calls Stop.
func Bucket(t testing.TB, name string) Config {
	t.Helper()
	server.once.Do(func() { server.err = start() })
	if server.err != nil {
		if os.Getenv("LEADLINE_REQUIRE_S3") == "1" {
			t.Fatalf("an S3-compatible server is required: %v", server.err)
		}
		t.Skipf("NOT RUN ON S3: %v", server.err)
	}
	c := server.conf
	c.Bucket = name + "-" + strings.ToLower(rand.Text()[:8])
	u, err := url.Parse(c.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	client, err := minio.New(u.Host, &minio.Options{
		Creds: credentials.NewStaticV4(c.Key, c.Secret, ""), Region: c.Region, BucketLookup: minio.BucketLookupPath,
	})
	if err == nil {
		err = client.MakeBucket(t.Context(), c.Bucket, minio.MakeBucketOptions{})
	}
	if err != nil {
		t.Fatalf("make bucket: %v", err)
	}
	return c
}

// Stop ends the server.
func Stop() {
	if server.cmd != nil {
		_ = server.cmd.Process.Signal(syscall.SIGTERM)
		<-server.done
	}
	if server.dir != "" {
		_ = os.RemoveAll(server.dir)
	}
}

func start() error {
	at, err := filepath.Abs(program)
	if err != nil {
		return err
	}
	if _, err := os.Stat(at); err != nil {
		return errors.New("bin/versitygw is missing: run make s3server")
	}
	if server.dir, err = os.MkdirTemp("", "leadline-s3-"); err != nil {
		return err
	}
	for _, d := range []string{"data", "meta"} {
		if err := os.Mkdir(filepath.Join(server.dir, d), 0o700); err != nil {
			return err
		}
	}
	// The port is free when it is chosen and may be taken when it is used; then the program ends and the next one is tried.
	for range 3 {
		if err = run(at); err == nil {
			return nil
		}
	}
	return err
}

func run(at string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // comes back at once
	if err != nil {
		return err
	}
	address := l.Addr().String()
	_ = l.Close()
	server.conf = Config{Endpoint: "http://" + address, Key: "leadline", Secret: "a secret for tests", Region: "us-east-1"}
	log, err := os.Create(filepath.Join(server.dir, "log"))
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	args := []string{"--port", address, "--region", server.conf.Region, "--quiet", "posix", "--sidecar", filepath.Join(server.dir, "meta"), filepath.Join(server.dir, "data")}
	cmd := exec.Command(at, args...) //nolint:gosec,noctx // the program that make built; Stop ends it
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+server.conf.Key, "ROOT_SECRET_KEY="+server.conf.Secret)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case <-done:
			text, _ := os.ReadFile(log.Name())
			return fmt.Errorf("the S3 server ended at once: %s", text)
		case <-deadline:
			_ = cmd.Process.Kill()
			<-done
			return errors.New("the S3 server does not listen")
		case <-time.After(20 * time.Millisecond):
		}
		if c, err := net.DialTimeout("tcp", address, time.Second); err == nil { //nolint:noctx // on this machine
			_ = c.Close()
			server.cmd, server.done = cmd, done
			return nil
		}
	}
}
