package sandbox

import (
	"cmp"
	"slices"
	"strings"
)

// maxDuplicates is how many duplicates are merged; with more nothing is (C §8.3).
const maxDuplicates = 3

// SetDuplicateControl switches duplicate control in one pipeline, 0 for all of the account.
func (s *Server) SetDuplicateControl(account, pipeline int64, on bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	acc, found := s.account(account), false
	if acc == nil {
		return false
	}
	for i := range acc.Pipelines {
		if pipeline == 0 || acc.Pipelines[i].ID == pipeline {
			acc.Pipelines[i].DuplicateControl, found = on, true
		}
	}
	s.touch()
	return found
}

// firstWords keeps what the very first message of a chat says of its client:
// for chats only that counts (C §8.3). s.mu is held.
func (s *Server) firstWords(chat *Chat, profile *profileIn, imported bool) {
	mode := s.st.Variants.DuplicateAfterImport
	if chat.FirstSeen || imported && mode == "client" {
		return
	}
	chat.FirstSeen = true
	if profile != nil && (!imported || mode == "receiver") {
		chat.FirstPhone, chat.FirstEmail = profile.Phone, profile.Email
	}
}

// normalPhone is a number in the international form without its plus; numbers
// that lack the country get that of the account where the rule is known.
func normalPhone(phone, country string) string {
	digits := onlyDigits(phone)
	if strings.HasPrefix(strings.TrimSpace(phone), "+") || country != "RU" && country != "KZ" {
		return digits
	}
	switch {
	case len(digits) == 11 && digits[0] == '8':
		return "7" + digits[1:]
	case len(digits) == 10:
		return "7" + digits
	}
	return digits
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// duplicate finds the contact that duplicate control gives to a new chat and
// merges its doubles into it; nil when there is none, or too many. Contacts of
// incoming leads are in no list yet and do not count. s.mu is held.
func (s *Server) duplicate(chat *Chat, acc *Account, pipeline int64) *Contact {
	if p := acc.pipeline(pipeline); p == nil || !p.DuplicateControl {
		return nil
	}
	phone, email := normalPhone(chat.FirstPhone, acc.Country), strings.ToLower(chat.FirstEmail)
	if !s.st.Variants.DuplicateEmail {
		email = ""
	}
	var same []*Contact
	for _, c := range s.contactsOf(acc.ID) {
		if !c.Unsorted && (phone != "" && normalPhone(c.Phone, acc.Country) == phone || email != "" && strings.ToLower(c.Email) == email) {
			same = append(same, c)
		}
	}
	if len(same) == 0 || len(same) > maxDuplicates {
		return nil
	}
	for _, c := range same[1:] {
		s.mergeContact(same[0], c)
	}
	return same[0]
}

// mergeContact moves all that one contact has to another. s.mu is held.
func (s *Server) mergeContact(into, from *Contact) {
	into.Phone, into.Email, into.UpdatedAt = cmp.Or(into.Phone, from.Phone), cmp.Or(into.Email, from.Email), s.now()
	for _, l := range s.st.Leads {
		if l.ContactID == from.ID {
			l.ContactID = into.ID
		}
	}
	for _, in := range s.st.Incoming {
		if in.ContactID == from.ID {
			in.ContactID = into.ID
		}
	}
	for _, c := range s.st.Chats {
		if c.ContactID == from.ID {
			c.ContactID = into.ID
			s.moveTalks(c)
		}
	}
	delete(s.st.Contacts, from.ID)
	s.contactEvent(into, "update")
}

// openLead is the contact's latest lead that is neither closed nor incoming; a
// pipeline other than 0 narrows it. s.mu is held.
func (s *Server) openLead(contact, pipeline int64) *Lead {
	var out *Lead
	for _, l := range s.st.Leads {
		if l.ContactID == contact && !l.Unsorted && !l.closed() && (pipeline == 0 || l.PipelineID == pipeline) && (out == nil || l.ID > out.ID) {
			out = l
		}
	}
	return out
}

// leadsOfContact needs s.mu.
func (s *Server) leadsOfContact(contact int64) []*Lead {
	var out []*Lead
	for _, l := range s.st.Leads {
		if l.ContactID == contact {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b *Lead) int { return cmp.Compare(a.ID, b.ID) })
	return out
}
