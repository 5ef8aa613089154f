package sandbox

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// ChatVariants are what C §12 leaves open about the chats service, its hooks
// and its files.
type ChatVariants struct {
	// NullTolerated takes null in requests for an absent field.
	NullTolerated bool `json:"null_tolerated"`
	// RequireFields makes fields required that clients leave out with success.
	RequireFields []string `json:"require_fields" choices:"silent,msec_timestamp,edit_times"`
	// UserRefAlone lets create chat name its user by ref_id alone (C §3.3).
	UserRefAlone bool `json:"user_ref_alone"`
	// StickerWithoutMedia takes a sticker with sticker_id alone.
	StickerWithoutMedia bool `json:"sticker_without_media"`
	// ReceiverWithoutRef takes a message with a receiver but without
	// sender.ref_id as the bot's (C §9.25).
	ReceiverWithoutRef bool `json:"receiver_without_ref"`
	EditChangesType    bool `json:"edit_changes_type"`
	// EditAnswer is new_message (also ""), {} or nothing.
	EditAnswer string `json:"edit_answer" choices:"new_message,object,empty"`
	// StatusByMsgID also finds the message of delivery_status by our msgid.
	StatusByMsgID bool `json:"status_by_msgid"`
	// EmojiOptional takes react without an emoji, ManyReactions keeps several
	// of one person (joined by a space), ReactionsAllowed refuses all others.
	EmojiOptional    bool     `json:"emoji_optional"`
	ManyReactions    bool     `json:"many_reactions"`
	ReactionsAllowed []string `json:"reactions_allowed"`
	// TextMax is the longest text in characters, FileMaxBytes the largest
	// file_size; 0 is no limit.
	TextMax      int `json:"text_max"`
	FileMaxBytes int `json:"file_max_bytes"`

	// HeaderStatus answers missing, stale or wrong headers (a wrong signature
	// is 403 always), ScopeStatus an unknown or disconnected scope,
	// PrivateStatus an account outside a private channel's list and
	// DisconnectStatus a disconnect of what is not connected.
	HeaderStatus     int `json:"header_status" choices:"403,400,401"`
	ScopeStatus      int `json:"scope_status" choices:"403,404"`
	PrivateStatus    int `json:"private_status" choices:"403,400,404"`
	DisconnectStatus int `json:"disconnect_status" choices:"200,404"`
	// DateRule narrows what C §2.1 leaves open about Date: no_future allows a
	// minute ahead, utc_only refuses other zones.
	DateRule string `json:"date_rule" choices:"no_future,utc_only"`
	// ErrorBody is the form of refusals: the shape of C §3, an object without
	// it, nothing, or a page.
	ErrorBody string `json:"error_body" choices:"shape,other,empty,html"`
	// MessageAnswer, ConnectAnswer and ChatAnswer are the older and the shorter
	// forms of answers (C §3.1, §3.3, §3.4.5).
	MessageAnswer string `json:"message_answer" choices:"full,null_receiver,short,msgid"`
	ConnectAnswer string `json:"connect_answer" choices:"full,2021,2017"`
	ChatAnswer    string `json:"chat_answer" choices:"flat,nested,ids"`

	// HistoryLimit is the page without limit (50 when 0), HistoryDepth how many
	// of the newest messages exist at all (0: every one).
	HistoryLimit       int  `json:"history_limit"`
	HistoryDepth       int  `json:"history_depth"`
	HistoryNoMsec      bool `json:"history_no_msec"`
	HistoryOmitsEmpty  bool `json:"history_omits_empty"`
	HistoryOldestFirst bool `json:"history_oldest_first"`

	// ReactionHook carries message, msgid or both; TypingHook the user in
	// action.typing, in action or in both.
	ReactionHook string `json:"reaction_hook" choices:"message,msgid,both"`
	TypingHook   string `json:"typing_hook" choices:"typing,action,both"`
	// HookType is the Content-Type of hooks.
	HookType string `json:"hook_type" choices:"json,charset,text,absent"`
	// AlbumReversed sends the hooks of an album last file first.
	AlbumReversed bool `json:"album_reversed"`
	// SalesbotSender is who speaks for Salesbot: the bot, the first
	// administrator, or somebody unknown without a name.
	SalesbotSender string `json:"salesbot_sender" choices:"bot,admin,unknown"`
	// ChannelLacks is what the channel was registered without (C §1.2).
	ChannelLacks []string `json:"channel_lacks" choices:"typing,reactions,quotes,write_first"`

	// MediaLinks of operators' files: open to all, dead after MediaLinkSeconds,
	// redirecting first, or denied.
	MediaLinks       string `json:"media_links" choices:"open,expire,redirect,denied"`
	MediaLinkSeconds int    `json:"media_link_seconds"`
	// FetchRedirects follows redirects of media and avatars, FetchDelayMS
	// fetches them later.
	FetchRedirects bool `json:"fetch_redirects"`
	FetchDelayMS   int  `json:"fetch_delay_ms"`

	// FeedByArrival orders the CRM's feed by arrival instead of by time.
	FeedByArrival bool `json:"feed_by_arrival"`
	// TimeWindowSeconds is the channel's time window (C §8.5), after which,
	// with TimeWindowBlocks, operators can only send templates. 0 is none.
	TimeWindowSeconds int  `json:"time_window_seconds"`
	TimeWindowBlocks  bool `json:"time_window_blocks"`
}

func (v ChatVariants) check() error {
	for _, n := range []int{v.TextMax, v.FileMaxBytes, v.HistoryDepth, v.MediaLinkSeconds, v.FetchDelayMS, v.TimeWindowSeconds} {
		if n < 0 {
			return errors.New("limits and delays are not negative")
		}
	}
	if v.HistoryLimit < 0 || v.HistoryLimit > 50 {
		return errors.New("history_limit must lie between 0 and 50")
	}
	return checkChoices(v)
}

// checkChoices holds a struct of switches to its tags.
func checkChoices(switches any) error {
	v := reflect.ValueOf(switches)
	for i := range v.NumField() {
		f := v.Type().Field(i)
		allowed := strings.Split(f.Tag.Get("choices"), ",")
		if allowed[0] == "" {
			continue
		}
		var got []string
		switch x := v.Field(i).Interface().(type) {
		case string:
			got = []string{x}
		case int:
			got = []string{strconv.Itoa(x)}
		case []string:
			got = x
		}
		for _, g := range got {
			if g != "" && g != "0" && !slices.Contains(allowed, g) {
				return fmt.Errorf("%s must be one of %q", f.Tag.Get("json"), allowed)
			}
		}
	}
	return nil
}
