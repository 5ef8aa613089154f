package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"leadline/backend/auth"
)

// loadKeys reads the key file, making it at the first start. Losing it means
// that every account must be authorised again; it belongs into the backup.
func loadKeys(path string) ([]auth.Key, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeKeys(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	keys, err := auth.ParseKeys(string(raw))
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, err)
	}
	return keys, nil
}

func makeKeys(path string) ([]auth.Key, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make key file: %w", err)
	}
	key := auth.NewKey("k1")
	// O_EXCL: two servers that start at once must not each keep a key of their own.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return loadKeys(path)
	}
	if err != nil {
		return nil, fmt.Errorf("make key file: %w", err)
	}
	_, err = f.WriteString("# Keys of Leadline, newest first. Keep this file with the backups, and from everybody else.\n" + auth.FormatKeys(key))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("make key file: %w", err)
	}
	return []auth.Key{key}, nil
}
