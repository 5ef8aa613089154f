package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3Config says where a bucket is.
type S3Config struct {
	// Endpoint is scheme and host: https://s3.example.org.
	Endpoint string
	Bucket   string
	// AccessKey and SecretKey may read, write and delete the bucket's objects.
	AccessKey, SecretKey string
	// Region may be empty where the service does not care.
	Region string
	// PathStyle puts the bucket into the path instead of the host name, as most
	// services other than Amazon's want it.
	PathStyle bool
}

// S3 is a Store in a bucket of an S3-compatible service. The bucket stays
// private: files go out through us, with our headers.
type S3 struct {
	client *minio.Client
	bucket string
}

const (
	// s3Prefix stands before each key, so that a bucket may hold other things too.
	s3Prefix = "media/"
	// s3PartBytes is where an upload is cut in parts, each of which is held in memory.
	s3PartBytes = 16 << 20
	// s3Tries keeps one act within a request's patience; the library's own number is 10.
	s3Tries = 3
)

// OpenS3 prepares the store; it calls nobody (see Check).
func OpenS3(c S3Config) (*S3, error) {
	u, err := url.Parse(c.Endpoint)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, errors.New("open S3: the endpoint must be scheme and host")
	}
	lookup := minio.BucketLookupDNS
	if c.PathStyle {
		lookup = minio.BucketLookupPath
	}
	transport, err := minio.DefaultTransport(u.Scheme == "https")
	if err != nil {
		return nil, fmt.Errorf("open S3: %w", err)
	}
	transport.ResponseHeaderTimeout = 30 * time.Second
	client, err := minio.New(u.Host, &minio.Options{
		Creds: credentials.NewStaticV4(c.AccessKey, c.SecretKey, ""), Secure: u.Scheme == "https",
		Region: c.Region, BucketLookup: lookup, Transport: transport, MaxRetries: s3Tries,
	})
	if err != nil {
		return nil, fmt.Errorf("open S3: %w", err)
	}
	return &S3{client: client, bucket: c.Bucket}, nil
}

// Put implements Store.
func (s *S3) Put(ctx context.Context, key Key, r io.Reader, size int64) error {
	if !key.Valid() {
		return unavailable("store blob", errKey)
	}
	body := &exactly{ctx: ctx, r: r, left: size}
	if size == 0 { // the library would not even look
		if _, err := io.Copy(io.Discard, body); err != nil {
			return unavailable("store blob", err)
		}
	}
	_, err := s.client.PutObject(ctx, s.bucket, s3Prefix+string(key), body, size, minio.PutObjectOptions{
		// What a blob really is stays with us: even a bucket opened by mistake serves no pages.
		ContentType: "application/octet-stream", PartSize: s3PartBytes, NumThreads: 1,
	})
	if err != nil {
		return unavailable("store blob", err)
	}
	return nil
}

// Open implements Store.
func (s *S3) Open(ctx context.Context, key Key) (*Blob, error) {
	if !key.Valid() {
		return nil, missing(errKey)
	}
	object, err := s.client.GetObject(ctx, s.bucket, s3Prefix+string(key), minio.GetObjectOptions{})
	if err != nil {
		return nil, unavailable("open blob", err)
	}
	info, err := object.Stat() // the first request; GetObject makes none
	if err != nil {
		err = errors.Join(err, object.Close())
		if notThere(err) {
			return nil, missing(err)
		}
		return nil, unavailable("open blob", err)
	}
	return &Blob{ReadSeekCloser: object, Size: info.Size, ModifiedAt: info.LastModified}, nil
}

func notThere(err error) bool {
	answer, ok := errors.AsType[minio.ErrorResponse](err)
	return ok && answer.StatusCode == http.StatusNotFound && answer.Code != minio.NoSuchBucket
}

// Delete implements Store.
func (s *S3) Delete(ctx context.Context, key Key) error {
	if !key.Valid() {
		return nil
	}
	err := s.client.RemoveObject(ctx, s.bucket, s3Prefix+string(key), minio.RemoveObjectOptions{})
	if err != nil && !notThere(err) {
		return unavailable("delete blob", err)
	}
	return nil
}

// Check implements Store by writing and removing an empty object.
func (s *S3) Check(ctx context.Context) error {
	key := NewKey()
	if err := s.Put(ctx, key, strings.NewReader(""), 0); err != nil {
		return err
	}
	return s.Delete(ctx, key)
}
