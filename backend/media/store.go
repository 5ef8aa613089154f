package media

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"time"

	"leadline/backend/fault"
)

// Store keeps blobs. What is stored under a key never changes.
//
// Errors of all methods: fault.NotFound not_found, fault.Unavailable
// storage_unavailable (with the cause for the log), or the context's own.
type Store interface {
	// Put stores exactly size bytes of r under key: whole and synced, or not at
	// all. It is an error when r ends early or holds more. Putting the same key
	// again replaces the blob.
	Put(ctx context.Context, key Key, r io.Reader, size int64) error
	// Open gives a blob to read; the caller closes it. ctx must live as long as
	// the reading.
	Open(ctx context.Context, key Key) (*Blob, error)
	// Delete removes a blob. That there is none is no error.
	Delete(ctx context.Context, key Key) error
	// Check tells whether the store can be reached and written to; for the
	// start of the server and for health pages.
	Check(ctx context.Context) error
}

// Blob is one stored blob, open for reading.
type Blob struct {
	io.ReadSeekCloser
	Size       int64     // bytes
	ModifiedAt time.Time // when it was stored
}

// Key names a blob. It is opaque and cannot be guessed: 160 random bits.
type Key string

// keyBytes is the randomness of a key: more than the 128 bits that a lasting
// link needs, and a whole number of base32 digits.
const keyBytes = 20

var keyText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewKey makes a key from the system's randomness.
func NewKey() Key {
	b := make([]byte, keyBytes)
	rand.Read(b) // never fails; the runtime would end the process
	return Key(keyText.EncodeToString(b))
}

// Valid reports whether k has the form of a key. Nothing else ever becomes part
// of a path or of a request.
func (k Key) Valid() bool {
	if len(k) != keyText.EncodedLen(keyBytes) {
		return false
	}
	for i := range len(k) {
		if c := k[i]; (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}

// errSize tells that a reader did not hold what was announced.
var errSize = errors.New("the content is not as long as announced")

// exactly reads left bytes from r and looks at once whether that was all: less or
// more is errSize. The end of ctx ends it too.
type exactly struct {
	ctx  context.Context
	r    io.Reader
	left int64
}

func (e *exactly) Read(p []byte) (int, error) {
	if err := e.ctx.Err(); err != nil {
		return 0, err
	}
	n := 0
	if e.left > 0 {
		var err error
		n, err = e.r.Read(p[:min(int64(len(p)), e.left)])
		e.left -= int64(n)
		if e.left > 0 && errors.Is(err, io.EOF) {
			err = errSize
		}
		if e.left > 0 || (err != nil && !errors.Is(err, io.EOF)) {
			return n, err
		}
	}
	// One that holds more must fail before the blob exists. Readers who have all
	// they want do not look at an error that comes with it: the last bytes are
	// held back.
	var more [1]byte
	m, err := io.ReadFull(e.r, more[:])
	switch {
	case m > 0:
		return 0, errSize
	case !errors.Is(err, io.EOF):
		return 0, err
	}
	return n, io.EOF
}

func missing(err error) error { return fault.Wrap(fault.NotFound, "not_found", err) }

// unavailable says that the store did not do its part; an ended context stays
// what it is.
func unavailable(act string, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: %w", act, err)
	}
	return fault.Wrap(fault.Unavailable, "storage_unavailable", fmt.Errorf("%s: %w", act, err))
}

var errKey = errors.New("not a key")
