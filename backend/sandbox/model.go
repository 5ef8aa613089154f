package sandbox

import "time"

// Products. The product decides the platform number of OAuth and the rule of
// old refresh tokens; "dev" behaves as amoCRM.
const (
	ProductAmoCRM = "amocrm"
	ProductKommo  = "kommo"
	ProductDev    = "dev"
)

// Zone is one installation of the product: all its hosts end with Name.
type Zone struct {
	Product string `json:"product"`
	// Name is the zone with its port, if it has one: "amocrm.ru",
	// "amocrm.localhost:9000".
	Name string `json:"name"`
	// Scheme is https unless set.
	Scheme string `json:"scheme"`
}

// Account is one CRM account.
type Account struct {
	ID        int64    `json:"id"`
	Product   string   `json:"product"`
	Subdomain string   `json:"subdomain"`
	Former    []string `json:"former_subdomains,omitempty"`
	Name      string   `json:"name"`
	AmojoID   string   `json:"amojo_id"`
	Language  string   `json:"language"`
	Country   string   `json:"country"`
	Timezone  string   `json:"timezone"`
	// UnsortedOff switches incoming leads off: a new chat makes a lead at once.
	UnsortedOff bool `json:"unsorted_off"`
	// NPSBot asks the client for a mark before a talk is closed, unless that is forced (C §7.2).
	NPSBot    bool       `json:"nps_bot"`
	Users     []User     `json:"users"`
	Pipelines []Pipeline `json:"pipelines"`
	// Salesbots are the numbers of the account's own bots.
	Salesbots []int64 `json:"salesbots,omitempty"`
	// Fields are those of cards beside the built-in ones; the CRM's own are added.
	Fields []CustomField `json:"fields"`
	// Catalogs are lists whose elements cards can be linked to.
	Catalogs []Catalog `json:"catalogs,omitempty"`
}

// User is one person of an account; AmojoID names him in chats.
type User struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Login    string `json:"login"`
	AmojoID  string `json:"amojo_id"`
	Language string `json:"language"`
	Admin    bool   `json:"admin"`
	// Avatar is a colour, "#3a7bd5", in which the sandbox draws a picture that the
	// account's host serves; anything else is given as the link that it is. Empty for none.
	Avatar string `json:"avatar,omitempty"`
	// Presence is what APP.sdk.showUserStatus tells of the user: "online" or
	// "offline"; empty for online on the user's own page only.
	Presence string `json:"presence,omitempty"`
}

// Pipeline is one lead pipeline; the first of an account is the main one.
type Pipeline struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	// Archived pipelines are not shown, but a source may point to one (C §7.1).
	Archived bool `json:"archived,omitempty"`
	// DuplicateControl is switched per pipeline (C §8.3).
	DuplicateControl bool `json:"duplicate_control"`
	// Stages are made when there are none: incoming leads, three of work, won, lost.
	Stages []Stage `json:"stages"`
}

// Kinds of stages; those of work have none.
const (
	StageIncoming = "incoming"
	StageWon      = "won"
	StageLost     = "lost"
)

// Stage is one column of a pipeline.
type Stage struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	Kind string `json:"kind,omitempty"`
}

// Integration is one OAuth application with its widget.
type Integration struct {
	ClientUUID      string `json:"client_uuid"`
	Product         string `json:"product"`
	Secret          string `json:"client_secret"`
	Name            string `json:"name"`
	RedirectURI     string `json:"redirect_uri"`
	DisabledURI     string `json:"disabled_uri"`
	WidgetCode      string `json:"widget_code"`
	MultipleSources bool   `json:"multiple_sources"`
	// ChatsAddOn grants the scopes of Kommo's Chats API add-on (C §7.2).
	ChatsAddOn bool `json:"chats_add_on"`
}

// Channel is one registration with the chats service (C §1.3).
type Channel struct {
	ID      string `json:"id"`
	Product string `json:"product"`
	Secret  string `json:"secret"`
	Code    string `json:"code"`
	Name    string `json:"name"`
	BotID   string `json:"bot_id"`
	// HookURL receives v2 hooks, and v1 ones too unless HookURLV1 is set;
	// ":scope_id" in it is replaced by the scope.
	HookURL   string `json:"hook_url"`
	HookURLV1 string `json:"hook_url_v1,omitempty"`
	// ClientUUID is the integration that the channel is registered with.
	ClientUUID string `json:"client_uuid"`
	// Private limits connect to the accounts (integer ids) in Allowed.
	Private bool    `json:"private"`
	Allowed []int64 `json:"allowed,omitempty"`
}

// Connection is a channel connected to an account.
type Connection struct {
	Scope              string    `json:"scope_id"`
	Channel            string    `json:"channel_id"`
	Account            int64     `json:"account_id"`
	Title              string    `json:"title"`
	HookVersion        string    `json:"hook_api_version"`
	TimeWindowDisabled bool      `json:"is_time_window_disabled"`
	At                 time.Time `json:"at"`
}

// Participant is one client of a channel in an account.
type Participant struct {
	ID          string `json:"id"`
	Scope       string `json:"scope_id"`
	ClientID    string `json:"client_id"`
	Name        string `json:"name"`
	Avatar      string `json:"avatar"`
	Phone       string `json:"phone"`
	Email       string `json:"email"`
	ProfileLink string `json:"profile_link"`
}

// Chat is one conversation of one client.
type Chat struct {
	ID             string `json:"id"`
	Scope          string `json:"scope_id"`
	Account        int64  `json:"account_id"`
	ConversationID string `json:"conversation_id"` // of the integration
	Participant    string `json:"participant_id"`
	ClientName     string `json:"client_name"`
	Source         string `json:"source_external_id"`
	ContactID      int64  `json:"contact_id"`
	LeadID         int64  `json:"lead_id"`
	TalkID         int64  `json:"talk_id"`
	UnsortedUID    string `json:"unsorted_uid"`
	Linked         bool   `json:"linked"` // to a contact by API v4: no incoming lead (C §7.4)
	LinkID         int64  `json:"link_id,omitempty"`
	// FirstPhone and FirstEmail stood in the very first message (C §8.3), once that came.
	FirstSeen   bool      `json:"first_seen"`
	FirstPhone  string    `json:"first_phone,omitempty"`
	FirstEmail  string    `json:"first_email,omitempty"`
	Unread      int       `json:"unread"`
	CreatedAt   time.Time `json:"created_at"`
	TypingUntil time.Time `json:"typing_until"`
}

// Directions of a message, as the CRM sees it.
const (
	Inbound  = "inbound"
	Outbound = "outbound"
)

// Message is one message of a chat.
type Message struct {
	ID         string `json:"id"`    // amojo id
	MsgID      string `json:"msgid"` // of the integration; "" when written in the CRM
	ChatID     string `json:"chat_id"`
	Scope      string `json:"scope_id"`
	Account    int64  `json:"account_id"`
	Direction  string `json:"direction"`
	FromCRM    bool   `json:"from_crm"` // written in the CRM, so a hook went out
	SenderID   string `json:"sender_id"`
	SenderName string `json:"sender_name"`
	ReceiverID string `json:"receiver_id,omitempty"`
	Msec       int64  `json:"msec_timestamp"`
	Seq        int64  `json:"seq"` // order of arrival in the sandbox
	Silent     bool   `json:"silent"`
	Content
	// Status is 0 sent, 1 delivered, 2 read, -1 not delivered (C §3.5).
	Status    int64             `json:"delivery_status"`
	ErrorCode int64             `json:"error_code,omitempty"`
	Error     string            `json:"error,omitempty"`
	Statuses  []int64           `json:"delivery_statuses,omitempty"` // all that came, in order
	Edited    bool              `json:"edited,omitempty"`
	Reactions map[string]string `json:"reactions,omitempty"` // participant or user -> emoji (several are joined by a space)
	Salesbot  bool              `json:"salesbot,omitempty"`
}

// Content is what a message says (C §3.4.4, §4.3).
type Content struct {
	Type          string    `json:"type"`
	Text          string    `json:"text"`
	Media         string    `json:"media,omitempty"`
	Thumbnail     string    `json:"thumbnail,omitempty"`
	FileName      string    `json:"file_name,omitempty"`
	FileSize      int64     `json:"file_size,omitempty"`
	MediaDuration int64     `json:"media_duration,omitempty"`
	StickerID     string    `json:"sticker_id,omitempty"`
	MediaGroupID  string    `json:"media_group_id,omitempty"`
	Location      *Location `json:"location,omitempty"`
	Contact       *Card     `json:"contact,omitempty"`
	// CallbackData is the row that the client chose in a list message.
	CallbackData string      `json:"callback_data,omitempty"`
	SharedPost   *SharedPost `json:"shared_post,omitempty"`
	// Post makes the message a comment or, outbound, the public answer to one.
	Post *Post `json:"post,omitempty"`
	// Markup is a [Markup], Template a [Template], ReplyTo a [Reply] and Forwards
	// a [Forwarded], or JSON of that shape.
	Markup   any `json:"markup,omitempty"`
	Template any `json:"template,omitempty"`
	ReplyTo  any `json:"reply_to,omitempty"`
	Forwards any `json:"forwards,omitempty"`
}

// Location is a point on the map.
type Location struct {
	Lon float64 `json:"lon" need:"true"`
	Lat float64 `json:"lat" need:"true"`
}

// Card is a contact sent as a message.
type Card struct {
	Name  string `json:"name" need:"true"`
	Phone string `json:"phone" need:"true"`
}

// Contact is a person's card in the CRM.
type Contact struct {
	ID      int64  `json:"id"`
	Account int64  `json:"account_id"`
	Name    string `json:"name"`
	Phone   string `json:"phone"`
	Email   string `json:"email"`
	// Fields hold phone and e-mail, too, where more is known of them than stands above.
	Fields []CardField `json:"fields,omitempty"`
	Tags   []string    `json:"tags,omitempty"`
	UserID int64       `json:"responsible_user_id,omitempty"`
	// Unsorted contacts stand in an incoming lead only and are in no list (C §7.5).
	Unsorted  bool      `json:"unsorted"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Lead is a deal made from a chat.
type Lead struct {
	ID         int64     `json:"id"`
	Account    int64     `json:"account_id"`
	Name       string    `json:"name"`
	PipelineID int64     `json:"pipeline_id"`
	StatusID   int64     `json:"status_id"`
	ContactID  int64     `json:"contact_id"`
	UserID     int64     `json:"responsible_user_id"`
	Unsorted   bool      `json:"unsorted"`
	CreatedAt  time.Time `json:"created_at"`
	UpdatedAt  time.Time `json:"updated_at"`
	Price      int64     `json:"price,omitempty"`
	// Fields are those that hold something.
	Fields []CardField `json:"fields,omitempty"`
	Tags   []string    `json:"tags,omitempty"`
}

// IncomingLead is an entry of "unsorted", category chats (C §7.5).
type IncomingLead struct {
	UID        string    `json:"uid"`
	Account    int64     `json:"account_id"`
	ChatID     string    `json:"chat_id"`
	ContactID  int64     `json:"contact_id"`
	LeadID     int64     `json:"lead_id"`
	PipelineID int64     `json:"pipeline_id"`
	SourceName string    `json:"source_name"`
	Service    string    `json:"service"`
	From       string    `json:"from"`
	To         string    `json:"to"`
	Text       string    `json:"text"`
	CreatedAt  time.Time `json:"created_at"`
}

// Talk is the CRM's piece of work on a chat (C §7.2).
type Talk struct {
	ID        int64     `json:"id"`
	Account   int64     `json:"account_id"`
	ChatID    string    `json:"chat_id"`
	ContactID int64     `json:"contact_id"`
	LeadID    int64     `json:"lead_id"`
	Origin    string    `json:"origin"`
	PostID    string    `json:"post_id,omitempty"` // comments of one post are a talk of their own (C §3.4.9)
	InWork    bool      `json:"in_work"`
	Status    string    `json:"status"`
	Rate      int64     `json:"rate"` // the client's mark, 0 for none
	Read      bool      `json:"read"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Source is a lead source of an integration in an account (C §7.1).
type Source struct {
	ID         int64  `json:"id"`
	Account    int64  `json:"account_id"`
	ClientUUID string `json:"client_uuid"`
	Name       string `json:"name"`
	ExternalID string `json:"external_id"`
	PipelineID int64  `json:"pipeline_id"`
	Default    bool   `json:"default"`
	OriginCode string `json:"origin_code,omitempty"`
	Services   []any  `json:"services,omitempty"`
}

// HookRecord is one request that the sandbox sent: a hook of the chats
// service, a webhook of the CRM, or an installation or "disabled" webhook.
type HookRecord struct {
	ID        int64     `json:"id"`
	At        time.Time `json:"at"`
	Kind      string    `json:"kind"`              // message, typing, reaction, install, disabled, crm
	Event     string    `json:"event,omitempty"`   // of a CRM webhook: its setting, as add_talk
	Attempt   int       `json:"attempt,omitempty"` // 1.. for the CRM's own repeats (C §7.6)
	Version   string    `json:"version,omitempty"`
	Account   int64     `json:"account_id"`
	Scope     string    `json:"scope_id,omitempty"`
	ChatID    string    `json:"chat_id,omitempty"`
	MessageID string    `json:"message_id,omitempty"`
	URL       string    `json:"url"` // without the query, which may hold a code
	Body      string    `json:"body,omitempty"`
	Copy      int       `json:"copy,omitempty"` // 1.. for repeats made by a fault
	// Outcome is waiting, held, dropped, skipped, delivered (200 in time, 2xx for the CRM's
	// webhooks), answered (another status) or failed (no answer in time, no connection).
	Outcome    string `json:"outcome"`
	Status     int    `json:"status,omitempty"`
	Error      string `json:"error,omitempty"`
	DurationMS int64  `json:"duration_ms"`
}

// Breach is one rule that a client broke.
type Breach struct {
	ID      int64     `json:"id"`
	At      time.Time `json:"at"`
	Account int64     `json:"account_id,omitempty"`
	Rule    string    `json:"rule"`
	Detail  string    `json:"detail"`
	Traffic int64     `json:"traffic_id,omitempty"` // entry of the traffic log, 0 if none
}

// Installation is an integration switched on in an account.
type Installation struct {
	Account    int64     `json:"account_id"`
	ClientUUID string    `json:"client_uuid"`
	Active     bool      `json:"active"`
	HookSent   bool      `json:"hook_sent"` // the installation webhook went out, or was given up
	Consent    bool      `json:"consent"`   // granted by the consent page
	At         time.Time `json:"at"`
}

type authCode struct {
	Code       string    `json:"code"`
	ClientUUID string    `json:"client_uuid"`
	Account    int64     `json:"account_id"`
	User       int64     `json:"user_id"`
	ExpiresAt  time.Time `json:"expires_at"`
	Used       bool      `json:"used"`
}

// token is an access or a refresh token. Replaces is the refresh token that is
// void once this one is used (Kommo's rule, W §8.6).
type token struct {
	Token      string    `json:"token"`
	ClientUUID string    `json:"client_uuid"`
	Account    int64     `json:"account_id"`
	User       int64     `json:"user_id"`
	ExpiresAt  time.Time `json:"expires_at"`
	Void       bool      `json:"void"`
	Revoked    bool      `json:"revoked"`
	Replaces   string    `json:"replaces,omitempty"`
}
