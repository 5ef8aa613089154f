package media

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"leadline/backend/fault"
	"leadline/backend/media/s3test"
)

func TestMain(m *testing.M) {
	code := m.Run()
	s3test.Stop()
	os.Exit(code)
}

// bucketConfig names a new bucket of a real server.
func bucketConfig(t *testing.T, name string) S3Config {
	t.Helper()
	c := s3test.Bucket(t, name)
	return S3Config{Endpoint: c.Endpoint, Bucket: c.Bucket, AccessKey: c.Key, SecretKey: c.Secret, Region: c.Region, PathStyle: true}
}

// bucket gives the store of a new bucket.
func bucket(t *testing.T, name string) *S3 {
	t.Helper()
	s, err := OpenS3(bucketConfig(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestS3KeepsTheContractOfStores(t *testing.T) {
	t.Parallel()
	conformance(t, bucket(t, "conformance"))
}

func TestS3TellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	good := bucketConfig(t, "wrong")
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
			c := good
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
