package conversation

import (
	"context"
	"time"

	"leadline/backend/chatid"
)

// MaxUnsentFiles bounds what a visitor may have uploaded and not sent.
const MaxUnsentFiles = 20

// UnsentFor is how long such a file is kept.
const UnsentFor = 24 * time.Hour

// Upload stores what is known of a file that a visitor uploaded; its bytes are in
// the media store already. fault.Limited too_many_files.
func (s *Service) Upload(ctx context.Context, who Who, f File) (File, error) {
	f.ID, f.Account, f.Visitor = chatid.FileID(s.newID()), who.Account, who.Visitor
	f.State, f.CreatedAt, f.Name = FileReady, s.now(), line(f.Name, 120)
	return f, s.store.SaveFile(ctx, f, MaxUnsentFiles)
}

// File finds a file of an account; fault.NotFound.
func (s *Service) File(ctx context.Context, a chatid.AccountID, id chatid.FileID) (File, error) {
	return s.store.File(ctx, a, id)
}

// FileByKey finds the file of a lasting link; fault.NotFound.
func (s *Service) FileByKey(ctx context.Context, key string) (File, error) {
	return s.store.FileByKey(ctx, key)
}

// Fetched stores how fetching an operator's file ended, and shows its message.
// State FileReady says what it is, FileFailed that it cannot be had: the
// operator is told why by the text with that key.
func (s *Service) Fetched(ctx context.Context, f Fetch, reason string) error {
	var failed *StatusJob
	if f.File.State == FileFailed {
		failed = &StatusJob{Status: Failed, Code: codeOther, Text: reason}
	}
	saved, err := s.store.SaveFetched(ctx, f, failed, s.holder())
	if err != nil {
		return err
	}
	s.saved(saved)
	return nil
}
