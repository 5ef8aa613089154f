package store

import (
	"testing"

	"leadline/backend/account"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
)

// operators replaces the account's; it gives the keys of pictures that are gone.
func (w *world) operators(t testing.TB, list ...account.Operator) []string {
	t.Helper()
	gone, err := w.Accounts().SaveOperators(testContext, w.account, list)
	must(t, err)
	return gone
}

// pictured saves a copy of an operator's avatar.
func (w *world) pictured(t testing.TB, ref chatid.UserRef, of, key string) (file chatid.FileID, old string, kept bool) {
	t.Helper()
	file = chatid.FileID(w.id())
	old, kept, err := w.Accounts().SavePicture(testContext, account.Picture{
		File: file, Key: key, Account: w.account, Operator: ref, Of: of, Type: "image/png", Bytes: 812, Width: 96, Height: 64, CreatedAt: w.now,
	})
	must(t, err)
	return file, old, kept
}

// copied are the addresses that we have copies of, by operator.
func (w *world) copied(t testing.TB) map[chatid.UserRef]string {
	t.Helper()
	list, err := w.Accounts().Operators(testContext, w.account)
	must(t, err)
	out := map[chatid.UserRef]string{}
	for _, o := range list {
		out[o.Ref] = o.Copied
	}
	return out
}

const (
	photoA = "https://i.example.org/a.png"
	photoB = "https://i.example.org/b.png"
)

func TestPictureIsAFileOfNoConversation(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.operators(t, account.Operator{Ref: "u1", Name: "Oleg", Avatar: photoA})
		id, old, kept := w.pictured(t, "u1", photoA, "key-a")
		if old != "" || !kept {
			t.Errorf("saved: old %q, kept %v", old, kept)
		}
		f, err := w.Conversations().FileByID(testContext, id)
		must(t, err)
		equal(t, "file", f, conversation.File{
			ID: id, Account: w.account, Key: "key-a", Kind: "picture", Type: "image/png", Bytes: 812, Width: 96, Height: 64,
			State: conversation.FileReady, CreatedAt: w.now,
		})
		unsent, err := w.Conversations().Unsent(testContext, w.now.AddDate(1, 0, 0), 10)
		must(t, err)
		equal(t, "swept as unsent", len(unsent), 0)
	})
}

func TestPictureIsReplacedAndRemoved(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		oleg, vera := account.Operator{Ref: "u1", Name: "Oleg", Avatar: photoA}, account.Operator{Ref: "u2", Name: "Vera", Avatar: photoA}
		w.operators(t, oleg, vera)
		first, _, _ := w.pictured(t, "u1", photoA, "key-1")
		w.pictured(t, "u2", photoA, "key-2")
		equal(t, "gone after the same", w.operators(t, oleg, vera, oleg), nil)
		equal(t, "copies", w.copied(t), map[chatid.UserRef]string{"u1": photoA, "u2": photoA})

		// Another photo: the copy stays until the new one is here.
		oleg.Avatar = photoB
		equal(t, "gone after a change", w.operators(t, oleg, vera), nil)
		equal(t, "copies", w.copied(t), map[chatid.UserRef]string{"u1": photoA, "u2": photoA})
		for ref, of := range map[chatid.UserRef]string{"u1": photoA, "u3": photoA} {
			if _, old, kept := w.pictured(t, ref, of, "key-late"); kept || old != "" {
				t.Errorf("a copy that nobody needs: old %q, kept %v", old, kept)
			}
		}
		second, old, kept := w.pictured(t, "u1", photoB, "key-3")
		if old != "key-1" || !kept {
			t.Errorf("the new copy: old %q, kept %v", old, kept)
		}
		_, err := w.Conversations().FileByID(testContext, first)
		wantKind(t, err, fault.NotFound, "not_found")

		// One takes the photo away, the other leaves; an account beside is not touched.
		other := w.newAccount(t, 2)
		_, err = w.Accounts().SaveOperators(testContext, other, nil)
		must(t, err)
		equal(t, "copies", w.copied(t), map[chatid.UserRef]string{"u1": photoB, "u2": photoA})
		equal(t, "gone with the operator", w.operators(t, oleg), []string{"key-2"})
		oleg.Avatar = ""
		equal(t, "gone with the photo", w.operators(t, oleg), []string{"key-3"})
		_, err = w.Conversations().FileByID(testContext, second)
		wantKind(t, err, fault.NotFound, "not_found")
		equal(t, "gone twice", w.operators(t), nil)
	})
}

func TestMessagesKnowTheirAuthorsAvatar(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.operators(t, account.Operator{Ref: "u1", Avatar: photoA}, account.Operator{Ref: "u2", Avatar: photoB})
		mine, _, _ := w.pictured(t, "u1", photoA, "key-1")
		beside, other := w.account, w.newAccount(t, 2)
		w.account = other // the same person of another account
		w.operators(t, account.Operator{Ref: "u1", Avatar: photoB})
		w.pictured(t, "u1", photoB, "key-2")
		w.account = beside
		c := w.known(t, "v1")
		want := []chatid.FileID{""}
		for _, ref := range []chatid.UserRef{"u1", "u2", "", "u1", "u9"} {
			in := w.outbound(c, "from "+string(ref))
			in.Message.AuthorRef = ref
			w.receive(t, in)
			want = append(want, map[chatid.UserRef]chatid.FileID{"u1": mine}[ref])
		}
		avatars := func(list []conversation.Message, err error) (out []chatid.FileID) {
			t.Helper()
			must(t, err)
			for _, m := range list {
				out = append(out, m.AuthorAvatar)
			}
			return out
		}
		list, err := w.since(c, 0, 50)
		equal(t, "Since", avatars(list, err), want)
		list, err = w.Conversations().Before(testContext, c, conversation.Place{}, 50)
		equal(t, "number of Before", len(avatars(list, err)), len(want))
		for _, m := range list {
			if (m.AuthorAvatar == mine) != (m.AuthorRef == "u1") {
				t.Errorf("Before: %q has the avatar %q", m.Text, m.AuthorAvatar)
			}
		}
	})
}
