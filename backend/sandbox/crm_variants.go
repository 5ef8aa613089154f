package sandbox

import "errors"

// CRMVariants are what C §12 leaves open about the CRM's own side and API v4.
type CRMVariants struct {
	// TalkReopens opens the closed talk again when the client writes; else a new one
	// begins (C §8.1).
	TalkReopens bool `json:"talk_reopens"`
	// ClosedLeadStays keeps a chat with its closed lead when the client writes again;
	// else a new incoming lead is made (C §8.2).
	ClosedLeadStays bool `json:"closed_lead_stays"`
	// UnsortedOffNoLead makes no lead at all where incoming leads are switched off; else
	// a normal one in the first stage (C §8.2).
	UnsortedOffNoLead bool `json:"unsorted_off_no_lead"`
	// UnsortedMeta fills metadata.to and .service of an incoming lead with the ids of
	// source and channel (also ""), their names, or nothing (C §7.5).
	UnsortedMeta string `json:"unsorted_meta" choices:"ids,names,empty"`
	// UnsortedCards tells whether API v4 may change the lead and the contact of an
	// incoming lead: taken (also ""), refused, or hidden, which cannot be read either
	// (C §7.5).
	UnsortedCards string `json:"unsorted_cards" choices:"taken,refused,hidden"`
	// TrackingLowerCase gives the codes of statistics fields in lower case (O, TRK-1).
	TrackingLowerCase bool `json:"tracking_lower_case"`
	// ReconnectForgets lets conversations begin anew after a disconnection (C §8.6).
	ReconnectForgets bool `json:"reconnect_forgets"`
	// SharedChannels lets a channel of one product serve the other, too (C §12).
	SharedChannels bool `json:"shared_channels"`
	// ImportMakesLead lets a message imported in an operator's or the bot's name make
	// an incoming lead in a chat that has none, unless it is silent (C §8.4).
	ImportMakesLead bool `json:"import_makes_lead"`
	// DuplicateAfterImport tells whose profile counts for duplicate control when the very
	// first message is an import: nobody's (also ""), receiver, or client, that is
	// the client's own first message (C §8.3).
	DuplicateAfterImport string `json:"duplicate_after_import" choices:"nobody,receiver,client"`
	// DuplicateEmail also takes the e-mail as a criterion for chats (C §8.3).
	DuplicateEmail bool `json:"duplicate_email"`
	// UsersWithoutAmojoID answers null for amojo_id of users (C §6).
	UsersWithoutAmojoID bool `json:"users_without_amojo_id"`
	// UserAvatar is the form of a user's picture, which is not documented: link (also
	// ""), a path of the account's host, null, or no field at all.
	UserAvatar string `json:"user_avatar" choices:"link,path,null,absent"`
	// SourcesGet403 answers 403 in place of 401 to GET sources without a valid token (C §11).
	SourcesGet403 bool `json:"sources_get_403"`
	// SourceLimit per integration and account; 0 is 100 (C §11: 100 or 50).
	SourceLimit int `json:"source_limit"`
	// SourcePipelineLast puts a source made without a pipeline into the last one.
	SourcePipelineLast bool `json:"source_pipeline_last"`
	// TemplateLimit is the number of chat templates of an integration, not published
	// (C §5.1); 0 is 100.
	TemplateLimit int `json:"template_limit"`
	// LinksEmptyList answers GET contacts/chats with an empty list, not 204 (C §7.4).
	LinksEmptyList bool `json:"links_empty_list"`

	// RateLimit answers 429 above 7 requests a second of one integration, and above
	// 7 in one account, and 403 to one who goes on (W §8.9).
	RateLimit bool `json:"rate_limit"`
	// AmojoRate does the same for each scope of the chats service, whose limit is
	// not published (C §5.1): requests in a second, 0 for no limit.
	AmojoRate int `json:"amojo_rate"`
}

func (v CRMVariants) check() error {
	if v.SourceLimit < 0 || v.TemplateLimit < 0 || v.AmojoRate < 0 {
		return errors.New("limits are not negative")
	}
	return checkChoices(v)
}
