package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"

	"leadline/backend/console"
	"leadline/backend/fault"
	"leadline/backend/onlinechat"
)

// When and how visitors of a chat reach somebody: hours, days off, words, what to
// leave, call-backs.

// days are those of a week in the order people write them, by the names of their
// fields and their places in onlinechat.Hours.
var days = []struct {
	name string
	at   int
}{{"mon", 1}, {"tue", 2}, {"wed", 3}, {"thu", 4}, {"fri", 5}, {"sat", 6}, {"sun", 0}}

// spareHolidays are empty rows behind those that are filled in.
const spareHolidays = 2

type reachBody struct {
	Hours                formField
	Zone                 formField
	Days                 []formField
	Holidays             []holidayRow
	HolidaysError, Error string
	Texts                []formField
	CallBacks            formField
	Zones                []string
	ReadOnly             bool
}

type holidayRow struct{ From, To string }

// asks are what may be asked for, as a form names it.
var asks = []onlinechat.Ask{"nothing", onlinechat.AskEmail, onlinechat.AskPhone, onlinechat.AskEither}

// typedReach is what somebody would have typed who set all that.
func typedReach(r onlinechat.Reach) url.Values {
	form := url.Values{"online_text": {r.OnlineText}, "away_text": {r.AwayText}, "ask": {string(r.Ask)}, "zone": {r.Hours.Zone}}
	if r.Ask == onlinechat.AskNothing {
		form.Set("ask", string(asks[0]))
	}
	if !r.NoCallBacks {
		form.Set("callbacks", "1")
	}
	if r.Hours.Set() {
		form.Set("hours", "1")
	}
	for _, d := range days {
		var spans []string
		for _, s := range r.Hours.Days[d.at] {
			spans = append(spans, s.String())
		}
		form.Set(d.name, strings.Join(spans, ", "))
	}
	for _, h := range r.Hours.Holidays {
		form.Add("off_from", string(h.From))
		form.Add("off_to", string(h.To))
	}
	return form
}

// readReach reads the form; wrong are the fields that cannot be read.
func readReach(form url.Values) (r onlinechat.Reach, wrong []string) {
	clean := func(name string) string { return strings.Join(strings.Fields(form.Get(name)), " ") }
	r = onlinechat.Reach{OnlineText: clean("online_text"), AwayText: clean("away_text"), NoCallBacks: !ticked(form, "callbacks"), Ask: onlinechat.Ask(form.Get("ask"))}
	if r.Ask == asks[0] {
		r.Ask = onlinechat.AskNothing
	}
	for name, text := range map[string]string{"online_text": r.OnlineText, "away_text": r.AwayText} {
		if len([]rune(text)) > onlinechat.MaxReachText {
			wrong = append(wrong, name)
		}
	}
	if !ticked(form, "hours") {
		return r, wrong
	}
	zone := strings.TrimSpace(form.Get("zone"))
	if _, err := onlinechat.ParseHours(zone, "mon 09:00-18:00"); err != nil {
		wrong = append(wrong, "zone")
	}
	var week []string
	for _, d := range days {
		entries := dayEntries(d.name, form.Get(d.name))
		if len(entries) == 0 {
			continue
		}
		if _, err := onlinechat.ParseHours("UTC", strings.Join(entries, ", ")); err != nil {
			wrong = append(wrong, d.name)
		}
		week = append(week, entries...)
	}
	holidays, good := readHolidays(form["off_from"], form["off_to"])
	if !good {
		wrong = append(wrong, "off")
	}
	if len(wrong) > 0 {
		return r, wrong
	}
	hours, err := onlinechat.ParseHours(zone, strings.Join(week, ", "))
	if err != nil { // no day has any, or a night runs into the next day's hours
		return r, []string{"hours"}
	}
	hours.Holidays = holidays
	if hours.Check() != nil {
		return r, []string{"off"}
	}
	r.Hours = hours
	return r, nil
}

var hourAlone = regexp.MustCompile(`^\d{1,2}$`)

// dayEntries makes of "9-13, 14:00 – 18:00" what onlinechat.ParseHours reads.
func dayEntries(day, typed string) (list []string) {
	typed = strings.NewReplacer("–", "-", "—", "-", ".", ":", " ", "", "\t", "").Replace(typed)
	for _, span := range strings.FieldsFunc(typed, func(r rune) bool { return strings.ContainsRune(",;\r\n", r) }) {
		times := strings.Split(span, "-")
		for i, t := range times {
			if hourAlone.MatchString(t) {
				times[i] = t + ":00"
			}
		}
		list = append(list, day+" "+strings.Join(times, "-"))
	}
	return list
}

// readHolidays reads rows of dates; one without an end is a single day, an empty one nothing.
func readHolidays(from, to []string) (list []onlinechat.Holiday, good bool) {
	if len(from) != len(to) {
		return nil, false
	}
	for i := range from {
		h := onlinechat.Holiday{From: onlinechat.Date(strings.TrimSpace(from[i])), To: onlinechat.Date(strings.TrimSpace(to[i]))}
		if h.From == "" && h.To == "" {
			continue
		}
		if h.To == "" {
			h.To = h.From
		}
		list = append(list, h)
	}
	return list, true
}

func (s *Server) reachBody(c *gin.Context, form url.Values, wrong []string) reachBody {
	errs := map[string]string{}
	for _, name := range wrong {
		key := "chats.reach." + name + ".error"
		if name != "zone" && len(name) == 3 && name != "off" {
			key = "chats.reach.day.error"
		}
		errs[name] = s.text(c, key, map[string]any{"Max": onlinechat.MaxReachText})
	}
	m := s.form(c, "chats.reach", errs)
	b := reachBody{
		Hours: m.check("hours", ticked(form, "hours")), Error: errs["hours"], HolidaysError: errs["off"], ReadOnly: m.readOnly,
		Zone:      m.field("text", "zone", form.Get("zone"), func(f *formField) { f.Max, f.List = 64, "zones" }),
		CallBacks: m.check("callbacks", ticked(form, "callbacks")), Zones: zones,
	}
	b.Hours.Error = ""
	for _, d := range days {
		b.Days = append(b.Days, m.text(d.name, form.Get(d.name), 200))
	}
	from, to := form["off_from"], form["off_to"]
	for i := range min(len(from), len(to)) {
		b.Holidays = append(b.Holidays, holidayRow{from[i], to[i]})
	}
	if !m.readOnly {
		b.Holidays = append(b.Holidays, make([]holidayRow, min(spareHolidays, max(0, onlinechat.MaxHolidays-len(b.Holidays))))...)
	}
	names := make([]string, len(asks))
	for i, a := range asks {
		names[i] = string(a)
	}
	b.Texts = []formField{
		m.text("online_text", form.Get("online_text"), onlinechat.MaxReachText), m.text("away_text", form.Get("away_text"), onlinechat.MaxReachText),
		m.choice("ask", form.Get("ask"), names...),
	}
	return b
}

// consoleReach saves when and how visitors reach somebody.
func (s *Server) consoleReach(c *gin.Context) {
	p, form := placeOf(c), c.Request.PostForm
	one, err := s.chatOf(c, p)
	if err != nil {
		s.fail(c, err)
		return
	}
	r, wrong := readReach(form)
	if len(wrong) > 0 {
		s.showChat(c, http.StatusUnprocessableEntity, one, nil, func(b *chatBody) { b.Reach = s.reachBody(c, form, wrong) })
		return
	}
	ctx, cancel := consoleContext(c)
	defer cancel()
	err = s.Console.Do(ctx, p.entry(console.SetReach, one.Name+": "+r.Hours.String()), func(ctx context.Context) error {
		return s.OnlineChats.SetReach(ctx, p.account.ID, one.ID, r)
	})
	if err != nil {
		if isInvalid(err) { // what no form of ours sends
			err = fault.Wrap(fault.Invalid, "form_expired", err)
		}
		s.showChat(c, statusOf(err), one, err, func(b *chatBody) { b.Reach = s.reachBody(c, form, nil) })
		return
	}
	s.saved(c, p, one.ID, console.SetReach)
}

// zones are time zones that the field proposes: it takes any.
var zones = strings.Fields(`Europe/Kaliningrad Europe/Moscow Europe/Samara Asia/Yekaterinburg Asia/Omsk Asia/Krasnoyarsk Asia/Irkutsk
	Asia/Yakutsk Asia/Vladivostok Asia/Magadan Asia/Kamchatka Europe/Kyiv Europe/Minsk Asia/Almaty Asia/Tashkent Asia/Bishkek Asia/Tbilisi
	Asia/Yerevan Asia/Baku Europe/London Europe/Lisbon Europe/Madrid Europe/Paris Europe/Berlin Europe/Rome Europe/Warsaw Europe/Athens
	Europe/Istanbul Asia/Dubai Asia/Kolkata Asia/Jakarta Asia/Singapore Asia/Shanghai Asia/Tokyo Australia/Sydney Africa/Johannesburg
	America/Sao_Paulo America/Argentina/Buenos_Aires America/Santiago America/Bogota America/Lima America/Caracas America/Mexico_City
	America/New_York America/Chicago America/Denver America/Los_Angeles UTC`)
