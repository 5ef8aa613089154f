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

// KeepPicture stores what is known of a picture that an account shows to its visitors,
// and that no message carries; its bytes are in the media store already. DropFile
// forgets it.
func (s *Service) KeepPicture(ctx context.Context, a chatid.AccountID, f File) (File, error) {
	f.ID, f.Account, f.Visitor = chatid.FileID(s.newID()), a, ""
	f.State, f.CreatedAt, f.Name = FileReady, s.now(), line(f.Name, 120)
	return f, s.store.KeepPicture(ctx, f)
}

// File finds a file of an account; fault.NotFound.
func (s *Service) File(ctx context.Context, a chatid.AccountID, id chatid.FileID) (File, error) {
	return s.store.File(ctx, a, id)
}

// FileByID finds the file of a signed link, which proves by itself that it may be
// seen; fault.NotFound.
func (s *Service) FileByID(ctx context.Context, id chatid.FileID) (File, error) {
	return s.store.FileByID(ctx, id)
}

// FileByKey finds the file of a lasting link; fault.NotFound.
func (s *Service) FileByKey(ctx context.Context, key string) (File, error) {
	return s.store.FileByKey(ctx, key)
}

// Fetched stores how fetching an operator's file ended, and shows its message.
// State FileReady says what it is, FileFailed that it cannot be had: the
// operator is told why by the text with that key. kept is false when somebody else
// was faster and what the caller fetched belongs to nothing.
func (s *Service) Fetched(ctx context.Context, f Fetch, reason string) (kept bool, err error) {
	var failed *StatusJob
	if f.File.State == FileFailed {
		failed = &StatusJob{Status: Failed, Code: codeOther, Text: reason}
	}
	saved, err := s.store.SaveFetched(ctx, f, failed, s.holder())
	if err != nil {
		return false, err
	}
	s.saved(saved)
	return !saved.Duplicate, nil
}

// ClaimFetches gives up to n operators' files that are to be fetched now; each is
// the caller's for the lease.
func (s *Service) ClaimFetches(ctx context.Context, lease time.Duration, n int) ([]Fetch, error) {
	return s.store.ClaimFetches(ctx, s.now(), lease, n)
}

// NextFetch is how long until ClaimFetches may find something; ok is false while
// nothing waits.
func (s *Service) NextFetch(ctx context.Context) (wait time.Duration, ok bool, err error) {
	at, ok, err := s.store.NextFetch(ctx)
	return max(0, at.Sub(s.now())), ok, err
}

// RenewFetch keeps a claimed file the caller's for the lease, from now on; one that is
// the caller's no more stays as it is.
func (s *Service) RenewFetch(ctx context.Context, f Fetch, lease time.Duration) error {
	return s.store.RenewFetch(ctx, f, s.now().Add(lease))
}

// FetchLater gives a claimed file back, to be fetched after a while; the tries that
// it has had by then are f.Attempts.
func (s *Service) FetchLater(ctx context.Context, f Fetch, after time.Duration) error {
	return s.store.FetchLater(ctx, f, s.now().Add(after))
}

// Unsent lists up to limit files that visitors uploaded, did not send in UnsentFor
// and so lose.
func (s *Service) Unsent(ctx context.Context, limit int) ([]File, error) {
	return s.store.Unsent(ctx, s.now().Add(-UnsentFor), limit)
}

// DropFile forgets an unsent file; the caller removes its bytes afterwards.
// fault.NotFound if it was sent meanwhile: then the bytes stay.
func (s *Service) DropFile(ctx context.Context, id chatid.FileID) error {
	return s.store.DropFile(ctx, id)
}
