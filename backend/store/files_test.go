package store

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
)

// upload stores a file of a visitor that was not sent yet.
func (w *world) upload(t testing.TB, v chatid.VisitorID) conversation.File {
	t.Helper()
	f := conversation.File{
		ID: chatid.FileID(w.id()), Account: w.account, Visitor: v, Key: "key-" + w.id(), Thumb: "thumb", Kind: conversation.KindPicture,
		Name: "a.jpg", Type: "image/jpeg", Bytes: 48211, Width: 640, Height: 480, State: conversation.FileReady, CreatedAt: w.now,
	}
	must(t, w.Conversations().SaveFile(testContext, f, 20))
	return f
}

// operatorsFile is a hook's message with a file that is to be fetched.
func (w *world) operatorsFile(c chatid.ConversationID, text string) conversation.NewOutbound {
	in := w.outbound(c, text)
	in.Message.Kind, in.Message.Pending = conversation.KindPicture, true
	in.File = &conversation.File{
		ID: chatid.FileID(w.id()), Account: w.account, Kind: conversation.KindPicture, Name: "15.jpg", Bytes: 80213,
		State: conversation.FileLoading, Origin: "https://amojo.amocrm.ru/attachments/15.jpg", CreatedAt: w.now,
	}
	in.Message.File = in.File.ID
	return in
}

func (w *world) claimFetches(t testing.TB, n int) []conversation.Fetch {
	t.Helper()
	list, err := w.Conversations().ClaimFetches(testContext, w.now, lease, n)
	must(t, err)
	return list
}

// fetched says what a claimed file turned out to be.
func fetched(f conversation.Fetch) conversation.Fetch {
	f.File.Key, f.File.Thumb, f.File.Type, f.File.Bytes = "key-"+string(f.File.ID), "thumb-"+string(f.File.ID), "image/jpeg", 80000
	f.File.Width, f.File.Height, f.File.State = 320, 200, conversation.FileReady
	return f
}

func (w *world) saveFetched(t testing.TB, f conversation.Fetch, failed *conversation.StatusJob) conversation.Saved {
	t.Helper()
	s, err := w.Conversations().SaveFetched(testContext, f, failed, w.holder())
	must(t, err)
	return s
}

func TestUnsentFilesAreLimited(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Conversations()
		save := func(v chatid.VisitorID) error {
			return s.SaveFile(testContext, conversation.File{ID: chatid.FileID(w.id()), Account: w.account, Visitor: v, Kind: "file", State: conversation.FileReady, CreatedAt: w.now}, 2)
		}
		must(t, save("v1"))
		must(t, save("v1"))
		wantKind(t, save("v1"), fault.Limited, "too_many_files")
		must(t, save("v2")) // another visitor has room of their own
		list, err := s.Unsent(testContext, w.now.Add(time.Second), 10)
		must(t, err)
		equal(t, "unsent", len(list), 3)
		in := w.inbound("v1", "")
		in.Message.Kind, in.Message.File = conversation.KindFile, list[0].ID
		for _, f := range list {
			if f.Visitor == "v1" {
				in.Message.File = f.ID
			}
		}
		w.write(t, in)
		must(t, save("v1")) // what was sent counts no more
		wantKind(t, save("v1"), fault.Limited, "too_many_files")
	})
}

func TestAFileIsSentOnceAndByItsOwnerAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Conversations()
		w.known(t, "v1")
		f := w.upload(t, "v1")
		file := func(v chatid.VisitorID, id chatid.FileID) conversation.NewInbound {
			in := w.inbound(v, "look")
			in.Message.Kind, in.Message.File = conversation.KindFile, id
			return in
		}
		_, err := s.SaveInbound(testContext, file("v2", f.ID))
		wantKind(t, err, fault.Invalid, "no_such_file")
		_, err = s.SaveInbound(testContext, file("v1", "none"))
		wantKind(t, err, fault.Invalid, "no_such_file")
		in := file("v1", f.ID)
		got := w.write(t, in)
		want := f
		want.Conversation = got.Message.Conversation
		// The file is of the kind that its content says, whatever the draft took it for.
		if got.Message.Kind != conversation.KindPicture || got.Message.Text != "look" {
			t.Errorf("message = %+v", got.Message)
		}
		equal(t, "attached", got.Message.Attached, &want)
		job := payload[conversation.MessageJob](t, got.Job, conversation.JobMessage)
		equal(t, "job's file", job.File, &conversation.JobFile{Key: f.Key, Name: "a.jpg", Bytes: 48211})
		equal(t, "job's kind", job.Kind, conversation.KindPicture)
		// A repeat finds the message, a second message does not get the file.
		again := in
		again.Message.ID = chatid.MessageID(w.id())
		if r := w.write(t, again); !r.Duplicate || r.Message.ID != in.Message.ID || r.Message.Attached == nil {
			t.Errorf("repeat = %+v", r)
		}
		_, err = s.SaveInbound(testContext, file("v1", f.ID))
		wantKind(t, err, fault.Invalid, "no_such_file")
		stored, err := s.File(testContext, w.account, f.ID)
		must(t, err)
		equal(t, "stored", stored, want)
		equal(t, "shown with its file", w.stored(t, in.Message.ID).Attached, &want)
		// What an operator's message carries is not a visitor's to send.
		w.receive(t, w.operatorsFile(got.Message.Conversation, ""))
		theirs := w.saveFetched(t, fetched(w.claimFetches(t, 1)[0]), nil)
		_, err = s.SaveInbound(testContext, file("v1", theirs.Message.File))
		wantKind(t, err, fault.Invalid, "no_such_file")
	})
}

// Sent twice at the same moment, it goes out once.
func TestOneFileInTwoMessagesAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		c := w.known(t, "v1")
		f := w.upload(t, "v1")
		var g errgroup.Group
		stored := make(chan bool, 8)
		for range cap(stored) {
			in := w.inbound("v1", "")
			in.Message.Kind, in.Message.File = conversation.KindFile, f.ID
			g.Go(func() error {
				_, err := w.Conversations().SaveInbound(testContext, in)
				if err != nil && !fault.Is(err, fault.Invalid) {
					return err
				}
				stored <- err == nil
				return nil
			})
		}
		must(t, g.Wait())
		n := 0
		for range cap(stored) {
			if <-stored {
				n++
			}
		}
		equal(t, "stored", n, 1)
		equal(t, "messages", len(w.all(t, c)), 2)
	})
}

func TestLinksFindReadyFilesAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Conversations()
		f := w.upload(t, "v1")
		byKey, err := s.FileByKey(testContext, f.Key)
		must(t, err)
		equal(t, "by key", byKey, f)
		byID, err := s.FileByID(testContext, f.ID)
		must(t, err)
		equal(t, "by id", byID, f)
		in := w.operatorsFile(w.known(t, "v1"), "")
		w.receive(t, in) // loading: no key, no bytes
		for what, err := range map[string]error{
			"no key":              second(s.FileByKey(testContext, "")),
			"another key":         second(s.FileByKey(testContext, "other")),
			"one that is loading": second(s.FileByID(testContext, in.File.ID)),
			"an unknown id":       second(s.FileByID(testContext, "none")),
			"another account's":   second(s.File(testContext, w.newAccount(t, 2), f.ID)),
			"dropping nobody's":   s.DropFile(testContext, "none"),
		} {
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

// design.md §2: operators' media is fetched; until then nobody has seen the message.
func TestAFetchedFileShowsItsMessage(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Conversations()
		if _, ok, err := s.NextFetch(testContext); ok || err != nil {
			t.Errorf("NextFetch of nothing = %v, %v", ok, err)
		}
		c := w.known(t, "v1")
		in := w.operatorsFile(c, "Your order")
		in.Message.At = 42
		m := w.receive(t, in).Message
		if !m.Pending || m.Attached == nil {
			t.Errorf("message = %+v", m)
		}
		if at, ok, err := s.NextFetch(testContext); !ok || err != nil || !at.Equal(w.now) {
			t.Errorf("NextFetch = %v, %v, %v; want now", at, ok, err)
		}
		// Nobody saw it: a receipt that covers it reports the other message alone.
		text := w.outbound(c, "text")
		w.receive(t, text)
		r := w.report(t, c, 3, 3)
		equal(t, "reported", r.Changed, 1)
		w.drain(t, *r.Claim)
		list := w.claimFetches(t, 5)
		if len(list) != 1 || list[0].Attempts != 0 || list[0].Token == "" {
			t.Fatalf("claimed %+v", list)
		}
		equal(t, "claimed file", list[0].File, *in.File)
		// Its message is read as far as the visitor's browsers have come by now.
		got := w.saveFetched(t, fetched(list[0]), nil)
		want := fetched(list[0]).File
		want.Conversation, want.Origin = c, ""
		equal(t, "attached", got.Message.Attached, &want)
		if got.Message.Pending || got.Message.Status != conversation.Read || got.Visitor != "v1" || got.Message.Rev != w.thread(t, c).Seq {
			t.Errorf("shown = %+v", got)
		}
		equal(t, "status", statusOf(t, got.Job), conversation.StatusJob{Ref: in.Message.Ref, Status: conversation.Read})
		equal(t, "stored", w.stored(t, m.ID), got.Message)
		if again := w.saveFetched(t, fetched(list[0]), nil); !again.Duplicate {
			t.Errorf("a second time = %+v", again)
		}
		if _, ok, err := s.NextFetch(testContext); ok || err != nil {
			t.Errorf("NextFetch after it = %v, %v", ok, err)
		}
	})
}

func TestStatusOfAFetchedFile(t *testing.T) {
	refused := conversation.StatusJob{Status: conversation.Failed, Code: 905, Text: "delivery.file_unavailable"}
	onBoth(t, func(t *testing.T, w *world) {
		for i, c := range []struct {
			name            string
			delivered, seen int64 // the file's message has seq 2
			v1              bool
			failed          *conversation.StatusJob
			want            conversation.Status
			job             *conversation.StatusJob
		}{
			{"nobody is there", 1, 1, false, nil, conversation.Stored, nil},
			{"a browser had come by", 3, 1, false, nil, conversation.Delivered, &conversation.StatusJob{Status: conversation.Delivered}},
			{"the visitor had come by", 3, 3, false, nil, conversation.Read, &conversation.StatusJob{Status: conversation.Read}},
			{"a v1 hook's (C §4.7)", 3, 3, true, nil, conversation.Read, nil},
			{"it cannot be had", 3, 3, false, &refused, conversation.Failed, &refused},
			{"a v1 hook's cannot be had", 0, 0, true, &refused, conversation.Failed, nil},
		} {
			t.Run(c.name, func(t *testing.T) {
				v := chatid.VisitorID(fmt.Sprint("v", i))
				id := w.known(t, v)
				in := w.operatorsFile(id, "")
				if c.v1 {
					in.Message.Ref = chatid.MessageRef("v1:" + string(in.Message.ID))
				}
				w.receive(t, in)
				other := w.outbound(id, "seq 3")
				w.receive(t, other)
				if r := w.report(t, id, c.delivered, c.seen); r.Claim != nil {
					w.drain(t, *r.Claim)
				}
				f := fetched(w.claimFetches(t, 1)[0])
				if c.failed != nil {
					f.File.State, f.File.Key, f.File.Thumb = conversation.FileFailed, "", ""
				}
				got := w.saveFetched(t, f, c.failed)
				m := w.stored(t, in.Message.ID)
				if m.Status != c.want || m.Pending {
					t.Errorf("stored = %+v, want status %v", m, c.want)
				}
				if c.failed != nil && m.ErrorCode != c.failed.Text {
					t.Errorf("error code = %q", m.ErrorCode)
				}
				switch {
				case c.job == nil && got.Job != nil:
					t.Errorf("job = %+v, want none", got.Job)
				case c.job != nil:
					want := *c.job
					want.Ref = in.Message.Ref
					equal(t, "job", statusOf(t, got.Job), want)
				}
				if got.Claim != nil {
					w.drain(t, *got.Claim)
				}
				// A file that failed stays in the transcript and says so.
				list, err := w.Conversations().Before(testContext, id, conversation.Place{}, 10)
				must(t, err)
				equal(t, "shown", len(list), 3)
			})
		}
	})
}

// A message that was refused meanwhile is reported once, for its own reason.
func TestFileOfAMessageThatWasGivenUp(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		in := w.operatorsFile("unknown", "")
		in.Chat = "c9"
		orphan := w.receive(t, in)
		w.settle(t, *orphan.Claim, *orphan.Job, failedOutcome(orphan.Message))
		got := w.saveFetched(t, fetched(w.claimFetches(t, 1)[0]), nil)
		if got.Job != nil || got.Visitor != "" || w.stored(t, in.Message.ID).Status != conversation.Failed {
			t.Errorf("saved = %+v", got)
		}
	})
}

func TestFetchesAreLeasedAndPostponed(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Conversations()
		c := w.known(t, "v1")
		w.receive(t, w.operatorsFile(c, "one"))
		w.now = w.now.Add(time.Second)
		w.receive(t, w.operatorsFile(c, "two"))
		first := w.claimFetches(t, 1)
		if len(first) != 1 {
			t.Fatalf("claimed %d, want the oldest", len(first))
		}
		rest := w.claimFetches(t, 5)
		if len(rest) != 1 || rest[0].File.ID == first[0].File.ID {
			t.Fatalf("claimed beside a lease: %+v", rest)
		}
		equal(t, "claimed twice", len(w.claimFetches(t, 5)), 0)
		// Given back: not before its time, with its tries.
		rest[0].Attempts = 3
		at := w.now.Add(time.Minute)
		must(t, s.FetchLater(testContext, rest[0], at))
		w.now = at.Add(-time.Millisecond)
		due := w.claimFetches(t, 5)
		if len(due) != 1 || due[0].File.ID != first[0].File.ID || due[0].Attempts != 1 {
			t.Fatalf("after the lease: %+v, want the first, whose holder is gone, and a try counted", due)
		}
		w.now = at
		due2 := w.claimFetches(t, 5)
		if len(due2) != 1 || due2[0].File.ID != rest[0].File.ID || due2[0].Attempts != 3 {
			t.Fatalf("postponed: %+v", due2)
		}
		// Who lost the lease changes nothing any more.
		must(t, s.FetchLater(testContext, first[0], w.now.Add(-time.Hour)))
		equal(t, "brought forward by a former holder", len(w.claimFetches(t, 5)), 0)
		if got := w.saveFetched(t, fetched(first[0]), nil); !got.Duplicate {
			t.Errorf("a former holder stored %+v", got)
		}
		if got := w.saveFetched(t, fetched(due[0]), nil); got.Duplicate {
			t.Error("the holder could not store")
		}
	})
}

func TestTwoFetchersShareTheFiles(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		c := w.known(t, "v1")
		const files = 20
		for range files {
			w.receive(t, w.operatorsFile(c, ""))
		}
		var g errgroup.Group
		got := make(chan conversation.Fetch, 2*files)
		for range 4 {
			g.Go(func() error {
				for range files {
					list, err := w.Conversations().ClaimFetches(testContext, w.now, lease, 3)
					if err != nil {
						return err
					}
					for _, f := range list {
						got <- f
					}
				}
				return nil
			})
		}
		must(t, g.Wait())
		close(got)
		seen, tokens := map[chatid.FileID]bool{}, map[string]bool{}
		n := 0
		for f := range got {
			seen[f.File.ID], tokens[f.Token], n = true, true, n+1
		}
		equal(t, "claims, files, tokens", [3]int{n, len(seen), len(tokens)}, [3]int{files, files, files})
	})
}

// While one stores what it fetched nobody else may begin with the file, though
// the lease has run out.
func TestAFileThatIsBeingStoredIsNotClaimed(t *testing.T) {
	w := onPostgres(t)
	c := w.known(t, "v1")
	w.receive(t, w.operatorsFile(c, ""))
	f := fetched(w.claimFetches(t, 1)[0])
	saved := make(chan conversation.Saved, 1)
	must(t, w.do(testContext, func(x *tx) error {
		if _, err := x.exec(`UPDATE conversations SET seq = seq WHERE id = ?`, string(c)); err != nil {
			return err
		}
		go func() {
			s, err := w.Conversations().SaveFetched(testContext, f, nil, conversation.Holder{})
			if err != nil {
				t.Error(err)
			}
			saved <- s
		}()
		w.waiting(t, 1)
		list, err := w.Conversations().ClaimFetches(testContext, w.now.Add(2*lease), lease, 5)
		equal(t, "claimed", len(list), 0)
		return err
	}))
	if s := <-saved; s.Duplicate {
		t.Error("what was fetched was not stored")
	}
}

func TestUnsentFilesAreListedAndDropped(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Conversations()
		c := w.known(t, "v1")
		old, sent := w.upload(t, "v1"), w.upload(t, "v1")
		in := w.inbound("v1", "")
		in.Message.Kind, in.Message.File = conversation.KindFile, sent.ID
		w.write(t, in)
		w.receive(t, w.operatorsFile(c, "")) // loading, and nobody's upload
		w.now = w.now.Add(time.Hour)
		w.upload(t, "v1")
		list, err := s.Unsent(testContext, w.now, 10)
		must(t, err)
		equal(t, "unsent", list, []conversation.File{old})
		list, err = s.Unsent(testContext, w.now.Add(time.Second), 1)
		must(t, err)
		equal(t, "limited", len(list), 1)
		must(t, s.DropFile(testContext, old.ID))
		wantKind(t, s.DropFile(testContext, old.ID), fault.NotFound, "not_found")
		wantKind(t, s.DropFile(testContext, sent.ID), fault.NotFound, "not_found")
		if _, err = s.FileByKey(testContext, sent.Key); err != nil {
			t.Errorf("a file that was sent meanwhile: %v", err)
		}
		_, err = s.FileByKey(testContext, old.Key)
		wantKind(t, err, fault.NotFound, "not_found")
	})
}
