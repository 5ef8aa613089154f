package conversation

import (
	"time"

	"leadline/backend/chatid"
)

// FileState is how far a file is.
type FileState string

const (
	// FileLoading: an operator's file that we have yet to fetch.
	FileLoading FileState = "loading"
	// FileReady: its bytes are in our store.
	FileReady FileState = "ready"
	// FileFailed: it could not be fetched, for good.
	FileFailed FileState = "failed"
)

// File is what we know of an attachment; its bytes are in the media store.
type File struct {
	ID      chatid.FileID
	Account chatid.AccountID
	// Visitor uploaded it; empty for an operator's, and for the copy of an operator's
	// avatar, which has no Conversation either.
	Visitor chatid.VisitorID
	// Conversation has it since the message that carries it was stored.
	Conversation chatid.ConversationID
	// Key names the bytes in the media store and is the secret of the lasting
	// link; Thumb names the small picture, if there is one.
	Key, Thumb string
	// Kind is one of the kinds that hold a file.
	Kind string
	Name string
	// Type is the media type, found by content.
	Type          string
	Bytes         int64
	Width, Height int
	Duration      time.Duration
	State         FileState
	// Origin is where an operator's file is fetched from; cleared once it is here.
	Origin    string
	CreatedAt time.Time
}

// Fetch is an operator's file that waits to be fetched, claimed by the caller.
type Fetch struct {
	File     File
	Attempts int
	Token    string
}
