package media

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"leadline/backend/fault"
)

func folder(t *testing.T) *Folder {
	t.Helper()
	f, err := OpenFolder(filepath.Join(t.TempDir(), "media"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestFolderKeepsTheContractOfStores(t *testing.T) {
	t.Parallel()
	conformance(t, folder(t))
}

// conformance is what every store must do.
func conformance(t *testing.T, s Store) {
	t.Helper()
	ctx := t.Context()
	put := func(t *testing.T, text string) Key {
		t.Helper()
		key := NewKey()
		if err := s.Put(ctx, key, strings.NewReader(text), int64(len(text))); err != nil {
			t.Fatalf("Put: %v", err)
		}
		return key
	}
	read := func(t *testing.T, key Key) string {
		t.Helper()
		b, err := s.Open(ctx, key)
		if err != nil {
			t.Fatalf("Open: %v", err)
		}
		defer b.Close()
		all, err := io.ReadAll(b)
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		if b.Size != int64(len(all)) {
			t.Errorf("Size = %d, but %d bytes were read", b.Size, len(all))
		}
		return string(all)
	}
	absent := func(t *testing.T, key Key) {
		t.Helper()
		if b, err := s.Open(ctx, key); !fault.Is(err, fault.NotFound) {
			t.Errorf("Open = %v, %v, want a fault of kind not found", b, err)
		}
	}

	t.Run("what was put is read, from any place", func(t *testing.T) {
		before := time.Now().Add(-time.Minute)
		key := put(t, "Hello, operator")
		if got := read(t, key); got != "Hello, operator" {
			t.Errorf("read %q", got)
		}
		b, err := s.Open(ctx, key)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		if b.ModifiedAt.Before(before) || b.ModifiedAt.After(time.Now().Add(time.Minute)) {
			t.Errorf("ModifiedAt = %v, want about now", b.ModifiedAt)
		}
		if _, err := b.Seek(-8, io.SeekEnd); err != nil {
			t.Fatal(err)
		}
		if rest, err := io.ReadAll(b); err != nil || string(rest) != "operator" {
			t.Errorf("the last 8 bytes are %q, %v", rest, err)
		}
		if _, err := b.Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		first := make([]byte, 5)
		if _, err := io.ReadFull(b, first); err != nil || string(first) != "Hello" {
			t.Errorf("the first 5 bytes are %q, %v", first, err)
		}
	})
	t.Run("an empty blob is a blob", func(t *testing.T) {
		if got := read(t, put(t, "")); got != "" {
			t.Errorf("read %q", got)
		}
	})
	t.Run("one of several parts is whole", func(t *testing.T) {
		want := strings.Repeat("0123456789abcdef", (s3PartBytes+s3PartBytes/2)/16)
		if got := read(t, put(t, want)); got != want {
			t.Errorf("read %d bytes, other than the %d that were put", len(got), len(want))
		}
	})
	t.Run("a second put of a key replaces the blob", func(t *testing.T) {
		key := put(t, "one")
		if err := s.Put(ctx, key, strings.NewReader("three"), 5); err != nil {
			t.Fatal(err)
		}
		if got := read(t, key); got != "three" {
			t.Errorf("read %q", got)
		}
	})
	t.Run("a deleted blob is gone, and deleting it again is no error", func(t *testing.T) {
		key := put(t, "x")
		for range 2 {
			if err := s.Delete(ctx, key); err != nil {
				t.Fatal(err)
			}
			absent(t, key)
		}
	})
	t.Run("a key that was never put", func(t *testing.T) { absent(t, NewKey()) })
	t.Run("what is no key never becomes a path", func(t *testing.T) {
		for _, key := range []Key{"", "..", "../../etc/passwd", Key(strings.Repeat("A", 32)), NewKey() + "/x", Key(strings.Repeat("/", 32))} {
			absent(t, key)
			if err := s.Put(ctx, key, strings.NewReader("x"), 1); err == nil {
				t.Errorf("Put took the key %q", key)
			}
			if err := s.Delete(ctx, key); err != nil {
				t.Errorf("Delete of %q: %v", key, err)
			}
		}
	})

	broken := errors.New("the visitor went away")
	for _, tt := range []struct {
		name string
		r    io.Reader
		size int64
		want error
	}{
		{"content shorter than announced", strings.NewReader("abc"), 4, errSize},
		{"content longer than announced", strings.NewReader("abcde"), 4, errSize},
		{"content where none was announced", strings.NewReader("a"), 0, errSize},
		{"content that breaks off", io.MultiReader(strings.NewReader("ab"), iotest.ErrReader(broken)), 4, broken},
		{"content that breaks off after its end", io.MultiReader(strings.NewReader("abcd"), iotest.ErrReader(broken)), 4, broken},
	} {
		t.Run(tt.name+" stores nothing", func(t *testing.T) {
			key := NewKey()
			err := s.Put(ctx, key, tt.r, tt.size)
			if !errors.Is(err, tt.want) || !fault.Is(err, fault.Unavailable) {
				t.Errorf("Put = %v, want unavailable: %v", err, tt.want)
			}
			absent(t, key)
		})
	}
	t.Run("an ended context stores nothing and stays what it is", func(t *testing.T) {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		key := NewKey()
		if err := s.Put(ended, key, strings.NewReader("x"), 1); !errors.Is(err, context.Canceled) {
			t.Errorf("Put = %v, want the context's error", err)
		}
		absent(t, key)
	})
	t.Run("many at once", func(t *testing.T) {
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				want := bytes.Repeat([]byte{byte(i)}, 70_000+i)
				key := NewKey()
				if err := s.Put(ctx, key, bytes.NewReader(want), int64(len(want))); err != nil {
					t.Errorf("Put: %v", err)
					return
				}
				b, err := s.Open(ctx, key)
				if err != nil {
					t.Errorf("Open: %v", err)
					return
				}
				defer b.Close()
				if got, err := io.ReadAll(b); err != nil || !bytes.Equal(got, want) {
					t.Errorf("blob %d came back different: %v", i, err)
				}
			})
		}
		wg.Wait()
	})
	t.Run("it says that it works", func(t *testing.T) {
		if err := s.Check(ctx); err != nil {
			t.Errorf("Check = %v", err)
		}
	})
}

func TestKeysAreRandomAndLongEnough(t *testing.T) {
	t.Parallel()
	seen := map[Key]bool{}
	for range 1000 {
		k := NewKey()
		if !k.Valid() || seen[k] {
			t.Fatalf("NewKey = %q: not valid, or not new", k)
		}
		seen[k] = true
		if bits := len(k) * 5; bits < 128 {
			t.Fatalf("a key has %d bits, want 128 or more", bits)
		}
	}
}

func TestFolderLeavesNoUnfinishedFiles(t *testing.T) {
	t.Parallel()
	f := folder(t)
	_ = f.Put(t.Context(), NewKey(), strings.NewReader("short"), 100)
	if err := f.Put(t.Context(), NewKey(), strings.NewReader("whole"), 5); err != nil {
		t.Fatal(err)
	}
	if list := leftovers(t, f.root.Name()); len(list) != 0 {
		t.Errorf("left behind: %v", list)
	}
}

func leftovers(t *testing.T, dir string) []os.DirEntry {
	t.Helper()
	list, err := os.ReadDir(filepath.Join(dir, partial))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestFolderSweepsWhatAKilledProcessLeft(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, partial), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, age := range map[string]time.Duration{"old": 25 * time.Hour, "young": time.Hour} {
		p := filepath.Join(dir, partial, name)
		if err := os.WriteFile(p, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(p, time.Now(), time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	f, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	list := leftovers(t, dir)
	if len(list) != 1 || list[0].Name() != "young" {
		t.Errorf("after opening there is %v, want only the young file, which another instance may be writing", list)
	}
}

func TestFolderIsForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	f := folder(t)
	key := NewKey()
	if err := f.Put(t.Context(), key, strings.NewReader("x"), 1); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(f.root.Name(), func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open to others: %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFolderDoesNotFollowLinksOut(t *testing.T) {
	t.Parallel()
	f := folder(t)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("s3cret"), 0o600); err != nil {
		t.Fatal(err)
	}
	key := NewKey()
	dir, name := place(key)
	if err := os.MkdirAll(filepath.Join(f.root.Name(), dir), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(f.root.Name(), name)); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	if b, err := f.Open(t.Context(), key); err == nil {
		_ = b.Close()
		t.Error("Open followed a link out of the folder")
	}
}

func TestFolderSaysThatItIsGone(t *testing.T) {
	t.Parallel()
	f := folder(t)
	if err := os.RemoveAll(f.root.Name()); err != nil {
		t.Fatal(err)
	}
	if err := f.Check(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("Check = %v, want unavailable", err)
	}
	err := f.Put(t.Context(), NewKey(), strings.NewReader("x"), 1)
	if !fault.Is(err, fault.Unavailable) || fault.CodeOf(err) != "storage_unavailable" {
		t.Errorf("Put = %v, want storage_unavailable", err)
	}
}
