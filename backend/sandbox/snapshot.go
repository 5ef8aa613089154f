package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// saveEvery is the longest time that a change waits for its snapshot.
const saveEvery = 500 * time.Millisecond

// Restore reads the snapshot at path, if there is one, and from then on keeps
// it up to date: half a second after a change and at Close; files go to the folder path.files. What it holds
// replaces what Config made, but an integration or channel of Config wins over
// a stored one with the same id, and accounts that are new in Config are added.
// Call it once, before serving.
func (s *Server) Restore(path string) error {
	s.mu.Lock()
	s.blobs.dir = path + ".files"
	s.mu.Unlock()
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read sandbox state: %w", err)
	}
	if err == nil {
		st := newState()
		if err := json.Unmarshal(b, st); err != nil {
			return fmt.Errorf("read sandbox state %s: %w", path, err)
		}
		s.mu.Lock()
		configured := s.st
		s.st, s.idx = st, newIndex(st)
		for _, a := range st.Accounts { // stored before there were stages, or fields
			a.fillFields()
			for i := range a.Pipelines {
				s.fillPipeline(&a.Pipelines[i])
			}
		}
		for _, h := range st.Hooks { // what was on its way is lost, as in the real thing
			if h.Outcome == "waiting" || h.Outcome == "held" {
				h.Outcome = "dropped"
			}
		}
		for _, d := range st.Downloads {
			if d.Outcome == "waiting" {
				d.Outcome, d.Error = "failed", "the sandbox was stopped"
			}
		}
		s.mu.Unlock()
		for _, a := range configured.Accounts {
			s.keepAccount(*a)
		}
		for _, i := range configured.Integrations {
			s.AddIntegration(*i)
		}
		for _, c := range configured.Channels {
			s.AddChannel(*c)
		}
	}
	s.mu.Lock()
	s.path = path
	s.mu.Unlock()
	s.wg.Go(s.autosave)
	return s.save()
}

// keepAccount adds a configured account unless it was stored: then its people
// and amojo ids, which chats refer to, stay.
func (s *Server) keepAccount(a Account) {
	s.mu.Lock()
	known := s.account(a.ID) != nil
	for _, o := range s.st.Accounts {
		known = known || (o.Product == a.Product && o.Subdomain == a.Subdomain)
	}
	s.mu.Unlock()
	if !known {
		s.AddAccount(a)
	}
}

func (s *Server) autosave() {
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-s.dirty:
		}
		if !s.wait(s.ctx, saveEvery) {
			return
		}
		if err := s.save(); err != nil {
			s.log.Error("save sandbox state", "err", err)
		}
	}
}

// save writes the snapshot beside the old one and renames it.
func (s *Server) save() error {
	s.mu.Lock()
	path := s.path
	var b []byte
	var err error
	if path != "" {
		b, err = json.Marshal(s.st)
	}
	s.mu.Unlock()
	if path == "" || err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("save sandbox state: %w", err)
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // gone after the rename
	_, err = tmp.Write(b)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("save sandbox state: %w", err)
	}
	return os.Rename(tmp.Name(), path)
}
