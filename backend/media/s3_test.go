package media

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"leadline/backend/fault"
)

// s3 is an S3-compatible server for the whole test binary: a program of its own
// that `make s3server` builds, nothing that we linked or wrote.
var s3 struct {
	once sync.Once
	err  error
	conf S3Config
	cmd  *exec.Cmd
	dir  string
	done chan struct{}
}

func TestMain(m *testing.M) {
	code := m.Run()
	if s3.cmd != nil {
		_ = s3.cmd.Process.Signal(syscall.SIGTERM)
		<-s3.done
	}
	if s3.dir != "" {
		_ = os.RemoveAll(s3.dir)
	}
	os.Exit(code)
}

// bucket gives the store of a new bucket. Where the server was not built the
// test is skipped, or fails if LEADLINE_REQUIRE_S3 is 1.
func bucket(t *testing.T, name string) *S3 {
	t.Helper()
	s3.once.Do(func() { s3.err = startS3() })
	if s3.err != nil {
		if os.Getenv("LEADLINE_REQUIRE_S3") == "1" {
			t.Fatalf("an S3-compatible server is required: %v", s3.err)
		}
		t.Skipf("NOT RUN ON S3: %v", s3.err)
	}
	c := s3.conf
	c.Bucket = name + "-" + string(NewKey()[:8])
	s, err := OpenS3(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.client.MakeBucket(t.Context(), c.Bucket, minio.MakeBucketOptions{}); err != nil {
		t.Fatalf("make bucket: %v", err)
	}
	return s
}

func startS3() error {
	program, err := filepath.Abs("../../bin/versitygw")
	if err != nil {
		return err
	}
	if _, err := os.Stat(program); err != nil {
		return errors.New("bin/versitygw is missing: run make s3server")
	}
	if s3.dir, err = os.MkdirTemp("", "leadline-s3-"); err != nil {
		return err
	}
	for _, d := range []string{"data", "meta"} {
		if err := os.Mkdir(filepath.Join(s3.dir, d), 0o700); err != nil {
			return err
		}
	}
	// The port is free when it is chosen and may be taken when it is used; then the program ends and the next one is tried.
	for range 3 {
		if err = runS3(program); err == nil {
			return nil
		}
	}
	return err
}

func runS3(program string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := l.Addr().String()
	_ = l.Close()
	s3.conf = S3Config{Endpoint: "http://" + address, AccessKey: "leadline", SecretKey: "a secret for tests", Region: "us-east-1", PathStyle: true}
	log, err := os.Create(filepath.Join(s3.dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(program, "--port", address, "--region", s3.conf.Region, "--quiet",
		"posix", "--sidecar", filepath.Join(s3.dir, "meta"), filepath.Join(s3.dir, "data"))
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+s3.conf.AccessKey, "ROOT_SECRET_KEY="+s3.conf.SecretKey)
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
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			s3.cmd, s3.done = cmd, done
			return nil
		}
	}
}

func TestS3KeepsTheContractOfStores(t *testing.T) {
	t.Parallel()
	conformance(t, bucket(t, "conformance"))
}

func TestS3TellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	good := bucket(t, "wrong")
	for _, tt := range []struct {
		name   string
		change func(*S3Config)
	}{
		{"a wrong secret", func(c *S3Config) { c.SecretKey = "another secret" }},
		{"an unknown access key", func(c *S3Config) { c.AccessKey = "nobody" }},
		{"a bucket that is not there", func(c *S3Config) { c.Bucket = "nowhere" }},
		{"nobody listens", func(c *S3Config) { c.Endpoint = "http://127.0.0.1:1" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := s3.conf
			c.Bucket = good.bucket
			tt.change(&c)
			s, err := OpenS3(c)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			err = s.Check(ctx)
			if !fault.Is(err, fault.Unavailable) || fault.CodeOf(err) != "storage_unavailable" {
				t.Errorf("Check = %v, want storage_unavailable", err)
			}
			if err != nil && strings.Contains(err.Error(), c.SecretKey) {
				t.Errorf("the error holds the secret: %v", err)
			}
		})
	}
}

func TestS3RefusesWhatIsNoEndpoint(t *testing.T) {
	t.Parallel()
	for _, e := range []string{"", "s3.example.org", "ftp://s3.example.org", "https://", "://"} {
		if _, err := OpenS3(S3Config{Endpoint: e, Bucket: "b"}); err == nil {
			t.Errorf("OpenS3 took the endpoint %q", e)
		}
	}
}
