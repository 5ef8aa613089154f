package sandbox

import "net/http"

// place finds the account and the chat (or message) that a request is about.
type place func(*http.Request) (account int64, id string)

type action = func(*http.Request) (any, error)

// sayIn is what an operator writes; type is text unless media is sent.
type sayIn struct {
	UserID   int64 `json:"user_id"`
	Salesbot bool  `json:"salesbot"` // automation speaks, not the user
	Content
}

func (s *Server) actSay(at place) action {
	return func(r *http.Request) (any, error) {
		var in sayIn
		if err := input(r, &in); err != nil {
			return nil, err
		}
		account, chat := at(r)
		if in.Salesbot {
			return s.SalesbotSay(account, chat, in.Content)
		}
		return s.OperatorSend(account, chat, in.UserID, in.Content)
	}
}

func (s *Server) actAlbum(at place) action {
	return func(r *http.Request) (any, error) {
		var in struct {
			UserID int64     `json:"user_id"`
			Text   string    `json:"text"`
			Files  []Content `json:"files"`
		}
		if err := input(r, &in); err != nil {
			return nil, err
		}
		account, chat := at(r)
		return s.OperatorAlbum(account, chat, in.UserID, in.Text, in.Files)
	}
}

func (s *Server) actTyping(at place) action {
	return func(r *http.Request) (any, error) {
		var in struct {
			UserID int64  `json:"user_id"`
			PostID string `json:"post_id"`
		}
		if err := input(r, &in); err != nil {
			return nil, err
		}
		account, chat := at(r)
		return nil, s.OperatorTypingUnder(account, chat, in.UserID, in.PostID)
	}
}

func (s *Server) actRead(at place) action {
	return func(r *http.Request) (any, error) {
		account, chat := at(r)
		return nil, s.MarkRead(account, chat)
	}
}

func (s *Server) actClose(at place) action {
	return func(r *http.Request) (any, error) {
		account, chat := at(r)
		return nil, s.CloseTalk(account, chat)
	}
}

func (s *Server) actReact(at place) action {
	return func(r *http.Request) (any, error) {
		var in struct {
			UserID int64  `json:"user_id"`
			Emoji  string `json:"emoji"`
		}
		if err := input(r, &in); err != nil {
			return nil, err
		}
		account, message := at(r)
		return nil, s.OperatorReact(account, message, in.UserID, in.Emoji)
	}
}

// actUpload takes the file's bytes as the body; ?name= and, if wanted, ?kind=.
func (s *Server) actUpload(account func(*http.Request) int64) action {
	return func(r *http.Request) (any, error) {
		data, err := fileBody(r)
		if err != nil {
			return nil, err
		}
		return s.Upload(account(r), r.URL.Query().Get("name"), r.Header.Get("Content-Type"), r.URL.Query().Get("kind"), data)
	}
}

// ofChat and ofMessage are places of the control API, which knows no account.
func (s *Server) ofChat(r *http.Request) (int64, string) {
	chat := r.PathValue("chat")
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.st.Chats[chat]; c != nil {
		return c.Account, chat
	}
	return 0, chat
}

func (s *Server) ofMessage(r *http.Request) (int64, string) {
	m, _ := s.Message(r.PathValue("message"))
	return m.Account, m.ID
}
