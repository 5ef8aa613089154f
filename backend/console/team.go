package console

// The acts at the console's own address, on a team and its accounts.
const (
	Invite         Act = "invite"
	Revoke         Act = "revoke"
	SetRole        Act = "set_role"
	RemoveMember   Act = "remove_member"
	Join           Act = "join"
	ChangePassword Act = "change_password"
	SetLanguage    Act = "set_language"
	Connect        Act = "connect"
	Disconnect     Act = "disconnect"
	AskTransfer    Act = "ask_transfer"
	HandOver       Act = "hand_over"
	KeepAccount    Act = "keep_account"
)
