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
	ID          string `gorm:"primaryKey"`
	Account     string `gorm:"column:account_id"`
	Chat        string `gorm:"column:chat_id"`
	Name        string
	Phone       string
	Email       string
	Alias       string
	Locale      string
	External    string `gorm:"column:external_id"`
	ProvenPhone string
	Contact     int64 `gorm:"column:contact_id"`
	Created     int64 `gorm:"column:created_at"`
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
	ByRef        int
	EndedAt      int64
	Talk         int64 `gorm:"column:talk_id"`
	ClosedTalk   int64
	Lead         int64 `gorm:"column:lead_id"`
	TouchedAt    int64
	HealedAt     int64
	Thread       string
	Number       int64
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
	Content      string
	AuthorName   string
	AuthorRef    string
	Reactions    string
	EditedAt     int64
	Pending      int
	Status       int
	ErrorCode    string
}

func (messageRow) TableName() string { return "messages" }

type markRow struct {
	Name string `gorm:"primaryKey"`
	At   int64
}

func (markRow) TableName() string { return "marks" }

type chatRefRow struct {
	Account      string `gorm:"column:account_id;primaryKey"`
	ChatRef      string `gorm:"primaryKey"`
	Conversation string `gorm:"column:conversation_id"`
	UserRef      string
}

func (chatRefRow) TableName() string { return "chat_refs" }

type fileRow struct {
	ID           string `gorm:"primaryKey"`
	Account      string `gorm:"column:account_id"`
	Visitor      string `gorm:"column:visitor_id"`
	Conversation string `gorm:"column:conversation_id"`
	Message      string `gorm:"column:message_id"`
	Key          string
	Thumb        string
	Kind         string
	Name         string
	Type         string
	Bytes        int64
	Width        int
	Height       int
	DurationMS   int64 `gorm:"column:duration_ms"`
	State        string
	Origin       string
	DueAt        *int64
	Attempts     int
	Token        string
	Created      int64 `gorm:"column:created_at"`
}

func (fileRow) TableName() string { return "files" }

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
