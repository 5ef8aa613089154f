package store

import "time"

// Times are kept as Unix milliseconds, 0 for the zero time: both databases
// compare and return them alike.

func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func at(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

type visitorRow struct {
	ID      string `gorm:"primaryKey"`
	Account string `gorm:"column:account_id"`
	Chat    string `gorm:"column:chat_id"`
	Name    string
	Phone   string
	Email   string
	Alias   string
	Locale  string
	Created int64 `gorm:"column:created_at"`
}

func (visitorRow) TableName() string { return "visitors" }

type conversationRow struct {
	ID           string `gorm:"primaryKey"`
	Account      string `gorm:"column:account_id"`
	Chat         string `gorm:"column:chat_id"`
	Visitor      string `gorm:"column:visitor_id"`
	ChatRef      string
	UserRef      string
	Seq          int64
	LastAt       int64
	DeliveredSeq int64
	SeenSeq      int64
	DueAt        *int64
	Token        string
	Created      int64 `gorm:"column:created_at"`
}

func (conversationRow) TableName() string { return "conversations" }

type messageRow struct {
	ID           string `gorm:"primaryKey"`
	Account      string `gorm:"column:account_id"`
	Conversation string `gorm:"column:conversation_id"`
	ClientID     string
	Ref          string
	Seq          int64
	Rev          int64
	At           int64
	Direction    string
	Kind         string
	Text         string
	AuthorName   string
	Status       int
	ErrorCode    string
}

func (messageRow) TableName() string { return "messages" }

type outboxRow struct {
	Conversation string `gorm:"column:conversation_id;primaryKey"`
	Seq          int64  `gorm:"primaryKey;autoIncrement:false"`
	Account      string `gorm:"column:account_id"`
	Kind         string
	Payload      []byte
	Attempts     int
	Uncertain    bool
}

func (outboxRow) TableName() string { return "outbox" }
