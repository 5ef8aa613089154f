package onlinechat

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// Pipeline is a lead pipeline of the account, as the CRM has it.
type Pipeline struct {
	ID   chatid.PipelineID
	Name string
	Main bool
}

// Place is an online chat and where its leads come in.
type Place struct {
	Chat
	// Buttons carry the chat, oldest first; Button is the first of them, its Key empty
	// where there is none.
	Buttons []Button
	Button  Button
	// PipelineName is empty where the CRM was not read.
	PipelineName string
}

// EnsureIn gives the online chat of a pipeline and tells whether it was made now,
// with a button and, where the product has sources for each chat, its source. Where
// the CRM keeps a single source of its own, that is the one that was put into the
// pipeline (W §7.3), so the account's first chat follows it there. name gives a new
// chat's name from its pipeline's. Repeating it changes nothing. fault.Invalid
// no_such_pipeline, and those of [Sources].
func (s *Service) EnsureIn(ctx context.Context, a chatid.AccountID, p chatid.PipelineID, locale string, name func(pipeline string) string) (c Chat, made bool, err error) {
	pipelines, err := s.Sources.Pipelines(ctx, a)
	if err != nil {
		return Chat{}, false, err
	}
	i := slices.IndexFunc(pipelines, func(one Pipeline) bool { return one.ID == p })
	if i < 0 {
		return Chat{}, false, fault.New(fault.Invalid, "no_such_pipeline")
	}
	called := name(pipelines[i].Name)
	if r := []rune(called); len(r) > MaxName {
		called = string(r[:MaxName])
	}
	if called, err = validName(called); err != nil {
		return Chat{}, false, err
	}
	keeps, err := s.Sources.Keeps(ctx, a)
	if err != nil {
		return Chat{}, false, err
	}
	if !keeps {
		return s.follow(ctx, a, p, called, locale)
	}
	// Where the chats are now: an administrator may have moved their sources.
	if err := s.Reconcile(ctx, a); err != nil && !fault.Is(err, fault.Invalid) {
		return Chat{}, false, err
	}
	c, b := s.fresh(a, called, locale)
	c.Pipeline = p
	c, made, err = s.store.EnsureIn(ctx, c, b, mainOf(pipelines))
	if err != nil {
		return Chat{}, false, err
	}
	if c.SourceID != 0 {
		return c, made, nil
	}
	c, err = s.ensure(ctx, c)
	if made && fault.Is(err, fault.Invalid) {
		return Chat{}, false, s.takeBack(ctx, c, err)
	}
	return c, made, err
}

// FreePipelines lists the pipelines that have no online chat yet, of those places.
// several is false where the CRM keeps a single source for all chats, so that there
// is room for one of them alone. Errors are those of [Sources].
func (s *Service) FreePipelines(ctx context.Context, a chatid.AccountID, taken []Place) (free []Pipeline, several bool, err error) {
	keeps, err := s.Sources.Keeps(ctx, a)
	if err != nil || !keeps {
		return nil, false, err
	}
	all, err := s.Sources.Pipelines(ctx, a)
	for _, p := range all {
		if !slices.ContainsFunc(taken, func(t Place) bool { return t.Pipeline == p.ID }) {
			free = append(free, p)
		}
	}
	return free, true, err
}

// follow lets the account's first chat be that of the pipeline with the single source.
func (s *Service) follow(ctx context.Context, a chatid.AccountID, p chatid.PipelineID, name, locale string) (Chat, bool, error) {
	fresh, b := s.fresh(a, name, locale)
	c, _, err := s.store.EnsureFirst(ctx, fresh, b)
	if err != nil {
		return Chat{}, false, err
	}
	if c.Pipeline != p {
		c.Pipeline = p
		err = s.store.SetChat(ctx, c)
	}
	return c, c.ID == fresh.ID, err
}

func mainOf(list []Pipeline) chatid.PipelineID {
	for _, p := range list {
		if p.Main {
			return p.ID
		}
	}
	return 0
}

// Places lists the account's online chats, oldest first, with what the CRM says of
// their pipelines, and finds among them the one of a lead source: by the external
// id, else by the CRM's own id, in whichever form these came; any text will do. own
// is the external id of the source that the CRM makes by itself, the code of the
// widget (W §7.3): it stands for the default chat, else the first. found is -1 where
// no chat belongs to the ids. A CRM that does not answer leaves out what only it knows.
func (s *Service) Places(ctx context.Context, a chatid.AccountID, sourceID, externalID, own string) (list []Place, found int, err error) {
	chats, err := s.store.Chats(ctx, a)
	if err != nil {
		return nil, -1, err
	}
	buttons, err := s.store.Buttons(ctx, a)
	if err != nil {
		return nil, -1, err
	}
	pipelines, _ := s.Sources.Pipelines(ctx, a)
	sources, _ := s.Sources.List(ctx, a)
	standIn := slices.IndexFunc(sources, func(src Source) bool { return src.Default })
	for _, c := range chats {
		p := Place{Chat: c}
		if i := slices.IndexFunc(sources, func(src Source) bool { return src.ExternalID == c.SourceExternalID }); i >= 0 {
			p.SourceID, p.Pipeline, p.Default = sources[i].ID, sources[i].Pipeline, sources[i].Default
		} else if standIn >= 0 { // of a chat that has none (C §7.1)
			p.Pipeline = sources[standIn].Pipeline
		}
		p.Pipeline = cmp.Or(p.Pipeline, mainOf(pipelines))
		if i := slices.IndexFunc(pipelines, func(one Pipeline) bool { return one.ID == p.Pipeline }); i >= 0 {
			p.PipelineName = pipelines[i].Name
		}
		for _, b := range buttons {
			if b.Chat == c.ID {
				p.Buttons = append(p.Buttons, b)
			}
		}
		if len(p.Buttons) > 0 {
			p.Button = p.Buttons[0]
		}
		list = append(list, p)
	}
	return list, match(list, sources, sourceID, externalID, own), nil
}

func match(list []Place, sources []Source, sourceID, externalID, own string) int {
	byExternalID := func(p Place) bool { return externalID != "" && p.SourceExternalID == externalID }
	if i := slices.IndexFunc(list, byExternalID); i >= 0 {
		return i
	}
	if i := slices.IndexFunc(list, func(p Place) bool { return p.SourceID != 0 && number(p.SourceID) == sourceID }); i >= 0 {
		return i
	}
	// The CRM's own source, by its code, or as one of ours there that no chat has.
	if externalID == "" || externalID != own {
		if !slices.ContainsFunc(sources, func(src Source) bool {
			return number(src.ID) == sourceID || externalID != "" && src.ExternalID == externalID
		}) {
			return -1
		}
	}
	if i := slices.IndexFunc(list, func(p Place) bool { return p.Default }); i >= 0 {
		return i
	}
	return min(len(list), 1) - 1
}

func number(id chatid.SourceID) string { return strconv.FormatInt(int64(id), 10) }
