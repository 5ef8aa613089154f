package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"time"
)

// Folder is a Store in a local folder, which it never leaves (os.Root). Blobs
// lie two folders deep, named by the first letters of their keys, so that no
// folder grows without end.
type Folder struct{ root *os.Root }

const (
	// partial holds what is being written, on the same file system as the rest.
	partial = "partial"
	// partialAge is how old an unfinished file must be to count as left behind by
	// a killed process. Other instances may write at this moment.
	partialAge = 24 * time.Hour
)

// OpenFolder opens the store in dir, making it where it is missing. The caller
// closes it.
func OpenFolder(dir string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open media folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open media folder: %w", err)
	}
	f := &Folder{root: root}
	if err := errors.Join(root.MkdirAll(partial, 0o700), f.sweep(time.Now().Add(-partialAge))); err != nil {
		return nil, errors.Join(fmt.Errorf("open media folder: %w", err), root.Close())
	}
	return f, nil
}

// Close ends the use of the folder.
func (f *Folder) Close() error { return f.root.Close() }

// sweep removes unfinished files older than before.
func (f *Folder) sweep(before time.Time) error {
	list, err := fs.ReadDir(f.root.FS(), partial)
	if err != nil {
		return err
	}
	for _, e := range list {
		info, err := e.Info()
		if err != nil || !info.ModTime().Before(before) {
			continue // gone meanwhile, or young
		}
		if err := f.root.Remove(path.Join(partial, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func place(key Key) (dir, name string) {
	dir = path.Join(string(key[:2]), string(key[2:4]))
	return dir, path.Join(dir, string(key))
}

// Put implements Store: a file is written beside, synced, then renamed.
func (f *Folder) Put(ctx context.Context, key Key, r io.Reader, size int64) error {
	if !key.Valid() {
		return unavailable("store blob", errKey)
	}
	temp := path.Join(partial, string(NewKey()))
	if err := f.write(ctx, temp, r, size); err != nil {
		_ = f.root.Remove(temp) // the sweep finds what stays
		return unavailable("store blob", err)
	}
	dir, name := place(key)
	err := f.root.MkdirAll(dir, 0o700)
	if err == nil {
		err = f.root.Rename(temp, name)
	}
	if err != nil {
		_ = f.root.Remove(temp)
		return unavailable("store blob", err)
	}
	// The new names must outlive a power cut as well: those of the folders, then that of the blob.
	if err := errors.Join(f.sync("."), f.sync(path.Dir(dir)), f.sync(dir)); err != nil {
		return unavailable("store blob", err)
	}
	return nil
}

func (f *Folder) write(ctx context.Context, name string, r io.Reader, size int64) error {
	w, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, &exactly{ctx: ctx, r: r, left: size})
	if err == nil {
		err = w.Sync()
	}
	return errors.Join(err, w.Close())
}

func (f *Folder) sync(dir string) error {
	d, err := f.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Open implements Store.
func (f *Folder) Open(_ context.Context, key Key) (*Blob, error) {
	if !key.Valid() {
		return nil, missing(errKey)
	}
	_, name := place(key)
	file, err := f.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, missing(err)
	}
	if err != nil {
		return nil, unavailable("open blob", err)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, unavailable("open blob", errors.Join(err, file.Close()))
	}
	return &Blob{ReadSeekCloser: file, Size: info.Size(), ModifiedAt: info.ModTime()}, nil
}

// Delete implements Store.
func (f *Folder) Delete(_ context.Context, key Key) error {
	if !key.Valid() {
		return nil
	}
	_, name := place(key)
	if err := f.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unavailable("delete blob", err)
	}
	return nil
}

// Check implements Store by writing and removing an empty file.
func (f *Folder) Check(ctx context.Context) error {
	name := path.Join(partial, string(NewKey()))
	err := f.write(ctx, name, eof{}, 0)
	if rm := f.root.Remove(name); err == nil {
		err = rm
	}
	if err != nil {
		return unavailable("check media folder", err)
	}
	return nil
}

// eof is an empty reader.
type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }
