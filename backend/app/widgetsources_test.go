package app

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"leadline/backend/sandbox"
)

const (
	sourceItem = `.dp-source[data-widget-code="` + widget + `"]`
	sourcePage = `document.querySelector('.widget-settings__modal .js-leadline-page')`
)

// pipelinePage opens Digital Pipeline where the widget runs.
func (b *tab) pipelinePage(pipeline int64, query string) {
	b.w.t.Helper()
	b.visit(fmt.Sprintf("https://%s/settings/pipeline/leads/%d%s", crmHost, pipeline, query))
	until(b.w.t, "the CRM's page", func() bool { return js[bool](b, `!!(window.__crm && __crm.ready)`) })
	b.sees(`document.querySelector('.js-source-add')`)
}

// addsSource adds our widget in the dialog of the page, as an administrator does.
func (b *tab) addsSource() {
	b.w.t.Helper()
	b.click(`.js-source-add`)
	b.click(`.dp-choose__item[data-widget-code="` + widget + `"]`)
}

// installedWidget is a world where the widget is installed and the account connected.
func installedWidget(t *testing.T, s setup) (w *world, button string) {
	t.Helper()
	w = newWorld(t, s)
	w.withWidget("amocrm")
	button, _ = w.connected()
	st := w.widgetState()
	st.Status, st.Active, st.Settings = "installed", "Y", `{"service_login":"`+login+`"}`
	w.box.World().SaveWidget(accountID, widget, st)
	return w, button
}

// TestSourceInTheBrowser is a second pipeline's way: its source is added in Digital
// Pipeline, a click on its item opens the page of its chat, a visitor of a site
// that carries its code makes a lead in that pipeline (W §7).
func TestSourceInTheBrowser(t *testing.T) {
	t.Parallel()
	w, firstButton := installedWidget(t, manyPipelines())
	var shopAddr string
	site := w.shopIn(&shopAddr)
	crm := w.chromium(map[string]string{"shop.example.test": shopAddr})

	crm.pipelinePage(repairs, "")
	crm.sees(`!document.querySelector('` + sourceItem + `')`)
	crm.addsSource()
	crm.sees(sourcePage) // the modal that opens with it shows the new chat
	crm.sees(`[...document.querySelectorAll('.pop-up')].some((e) => e.textContent.includes('The online chat of this pipeline is ready'))`)
	if s := w.sources()["Website chat: Repairs"]; s.PipelineID != repairs || s.Default {
		t.Fatalf("sources %+v", w.sources())
	}

	// The item, by a person's click; the other chat stands behind the link.
	crm.pipelinePage(repairs, "")
	crm.click(sourceItem)
	crm.sees(sourcePage)
	says := js[string](crm, sourcePage+`.innerText`)
	if !strings.Contains(says, "Website chat: Repairs") || !strings.Contains(says, "New leads come into the pipeline: Repairs") {
		t.Errorf("the page says %q", says)
	}
	if n := js[int](crm, `[...document.querySelectorAll('.leadline__snippet')].filter((e) => e.checkVisibility()).length`); n != 1 {
		t.Errorf("%d codes are shown, want the one of the clicked source", n)
	}
	crm.axe("page of a source", ".js-leadline")
	crm.shot("1-page")
	crm.click(`.js-leadline-page .js-leadline-copy`)
	crm.sees(`document.querySelector('.js-leadline-state').textContent.includes('The code is')`)
	crm.click(`.js-leadline-others`)
	crm.sees(`[...document.querySelectorAll('.leadline__others .leadline__snippet')].some((e) => e.checkVisibility() && e.value.includes('` + firstButton + `'))`)
	crm.shot("2-others")
	// The right side is drawn anew between states (W §6.2): the same page, once.
	js[any](crm, `(__crm.redraw(), null)`)
	crm.sees(`document.querySelectorAll('.js-leadline-page').length === 1 && document.querySelectorAll('.js-leadline').length === 1`)
	snippet := js[string](crm, sourcePage+`.querySelector('.leadline__snippet').value`)
	site.paste(snippet)

	shop := crm.open(shopURL + "/")
	shop.opens().writes("My lamp flickers")
	w.eventually("the incoming lead", func() bool { return len(w.box.IncomingLeads(accountID)) == 1 })
	if lead := w.box.IncomingLeads(accountID)[0]; lead.PipelineID != repairs {
		t.Errorf("the lead %+v came into another pipeline, want %d", lead, repairs)
	}
	w.noBreaches()
}

// TestSingleSourceInTheBrowser: without "multiple sources" the CRM makes one source
// of its own; its item opens the account's chat, and adding it elsewhere moves it.
func TestSingleSourceInTheBrowser(t *testing.T) {
	t.Parallel()
	w, button := installedWidget(t, setup{login: true, sandbox: twoPipelines})
	crm := w.chromium(nil)
	for _, p := range []struct {
		id    int64
		name  string
		query string // in which order the modal opens is UNCONFIRMED
	}{{1300, "Main", ""}, {repairs, "Repairs", "?theme=dark&variant=settings-before-add,settings-twice"}} {
		crm.pipelinePage(p.id, p.query)
		crm.addsSource()
		crm.sees(sourcePage + `?.textContent.includes('` + p.name + `')`)
		crm.pipelinePage(p.id, "")
		crm.click(sourceItem)
		crm.sees(sourcePage + `?.textContent.includes('New leads come into the pipeline: ` + p.name + `')`)
		crm.axe("page of the default source in "+p.name, ".js-leadline")
		crm.shot(p.name)
		if code := js[string](crm, sourcePage+`.querySelector('.leadline__snippet').value`); !strings.Contains(code, button) {
			t.Errorf("the page of the default source has the code %s, want button %s", code, button)
		}
		if n := len(w.box.Sources(accountID, clientID)); n != 1 {
			t.Errorf("%d sources, want the CRM's own alone", n)
		}
	}
	w.noBreaches()
}

// TestSourceLeftBehind: the source that the CRM made before "multiple sources" was
// switched on stays in the column beside ours (W §11, 25); its item opens the first
// chat, also where the page passes the ids as text.
func TestSourceLeftBehind(t *testing.T) {
	t.Parallel()
	w, button := installedWidget(t, setup{login: true, config: manySourcesConfig, sandbox: twoPipelines})
	w.box.World().AddSource(accountID, clientID, widget, 1300)
	crm := w.chromium(nil)
	left := int64(0)
	for _, s := range w.box.Sources(accountID, clientID) {
		if s.ExternalID == widget {
			left = s.ID
		}
	}
	for _, query := range []string{"", "?variant=text-source-ids"} {
		crm.pipelinePage(1300, query)
		crm.sees(`document.querySelectorAll('` + sourceItem + `').length === 2`)
		crm.click(fmt.Sprintf(`.dp-source[data-source-id="%d"]`, left))
		crm.sees(sourcePage + `?.querySelector('.leadline__snippet').value.includes('` + button + `')`)
	}
	w.noBreaches()
}

// TestSourceContexts: whatever the page passes as the clicked source, the form is
// there, once, and without an exception (W §10.3).
func TestSourceContexts(t *testing.T) {
	t.Parallel()
	w, _ := installedWidget(t, manyPipelines())
	second := w.added(repairs, http.StatusCreated)
	crm := w.chromium(nil)
	id := fmt.Sprint(second.SourceID)
	const page, all, plain = `?.textContent.includes('Website chat: Repairs')`, "all", "plain"
	for _, c := range []struct{ context, want string }{
		{`{source_id: ` + id + `, external_id: '` + second.ExternalID + `'}`, page},
		{`{source_id: '` + id + `', external_id: '` + second.ExternalID + `'}`, page},
		{`{source_id: ` + id + `}`, page},
		{`{external_id: '` + second.ExternalID + `'}`, page},
		{`{source_id: ` + id + `, external_id: null}`, page},
		{`{source_id: 7, external_id: 5}`, all},
		{`{source_id: '7', external_id: "<b>'x'</b>"}`, all},
		{`{external_id: 'constructor'}`, all},
		{`undefined`, plain},
		{`null`, plain},
		{`{}`, plain},
		{`{source_id: null, external_id: undefined}`, plain},
		{`{source_id: {}, external_id: []}`, plain},
		{`{source_id: 'x'.repeat(9999)}`, plain},
		{`'` + second.ExternalID + `'`, plain},
		{`7`, plain},
	} {
		crm.pipelinePage(1300, "?variant=settings-twice")
		js[any](crm, `__crm.openSettings('`+widget+`', `+c.context+`).then(() => null)`)
		crm.sees(`document.querySelectorAll('.leadline__snippet').length === 2`)
		switch c.want {
		case all:
			crm.sees(`document.querySelector('.js-leadline-unknown') && !` + sourcePage)
		case plain:
			crm.sees(`document.querySelectorAll('.js-leadline-chats > .leadline__chat').length === 2 && !document.querySelector('.js-leadline-unknown') && !` + sourcePage)
		default:
			crm.sees(sourcePage + c.want)
		}
		if n := js[int](crm, `document.querySelectorAll('.js-leadline').length`); n != 1 {
			t.Errorf("%s: %d forms", c.context, n)
		}
	}
	w.noBreaches()
}

// TestAddSourceTrouble: what goes wrong is told with the reason, the callback
// throws nothing, and trying again works.
func TestAddSourceTrouble(t *testing.T) {
	t.Parallel()
	w, _ := installedWidget(t, manyPipelines())
	front := w.behindAFront()
	crm := w.chromium(nil)
	told := func(text string) {
		t.Helper()
		crm.sees(`[...document.querySelectorAll('.pop-up_error')].some((e) => e.textContent.includes(` + fmt.Sprintf("%q", text) + `))`)
	}
	front.down.Store(true)
	crm.pipelinePage(repairs, "")
	crm.addsSource()
	told("Leadline could not be reached")
	front.down.Store(false)

	w.box.SetVariants(func(v *sandbox.Variants) { v.SourceLimit = 1 })
	crm.pipelinePage(repairs, "")
	crm.addsSource()
	told("at most 1 sources") // the CRM's own words
	for _, b := range w.box.Breaches() {
		if b.Rule != "C §7.1 sources" { // that very refusal
			t.Errorf("breach of %s: %s", b.Rule, b.Detail)
		}
	}
	w.box.ResetBreaches()
	w.box.SetVariants(func(v *sandbox.Variants) { v.SourceLimit = 0 })

	crm.pipelinePage(repairs, "?user="+fmt.Sprint(agentID))
	crm.addsSource()
	told("Only an administrator")
	if n := len(w.sources()); n != 1 {
		t.Errorf("%d sources after refusals, want the first chat's", n)
	}

	crm.pipelinePage(repairs, "?user="+fmt.Sprint(adminID))
	for _, odd := range []string{`undefined`, `null`, `{}`, `NaN`, `'x'`, `-1`} {
		if ok := js[bool](crm, `__crm.instances()['`+widget+`'] === undefined || __crm.instances()['`+widget+`'].callbacks.onAddAsSource(`+odd+`) === true`); !ok {
			t.Errorf("onAddAsSource(%s) answers something else than true", odd)
		}
	}
	crm.addsSource()
	crm.sees(sourcePage)
	if n := len(w.sources()); n != 2 {
		t.Errorf("%d sources, want the added one too", n)
	}
	w.noBreaches()
}

// TestAddSourceBeforeSignIn: the pipeline in which the installation began has its
// chat once the account is connected.
func TestAddSourceBeforeSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, manyPipelines())
	w.withWidget("amocrm")
	crm := w.chromium(nil)
	crm.pipelinePage(repairs, "")
	crm.addsSource()
	crm.click(`input[name=privacy_policy_accept]`)
	crm.click(`.js-widget-skip-tour`)
	crm.sees(`document.querySelector('.js-leadline-password')`)
	w.until("the account's tokens", func() bool { a, _ := w.account(); return a.HasTokens })
	crm.fill(`input[name=service_login]`, login)
	crm.fill(`.js-leadline-password`, password)
	crm.click(`.js-widget-save`)
	w.eventually("the source", func() bool { _, ok := w.sources()["Website chat: Repairs"]; return ok })
	crm.sees(`!document.querySelector('.widget-settings__modal')`)
	crm.pipelinePage(repairs, "")
	crm.click(sourceItem)
	crm.sees(sourcePage)
	w.noBreaches()
}

// TestSourceWordsInEachLanguage: the page of a source speaks the page's language.
func TestSourceWordsInEachLanguage(t *testing.T) {
	t.Parallel()
	for _, lang := range spoken() {
		raw, err := os.ReadFile("../../widget/i18n/" + lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			s := manyPipelines()
			many := s.sandbox
			s.sandbox = func(c *sandbox.Config) {
				many(c)
				c.Accounts[0].Language, c.Accounts[0].Users[0].Language = lang, lang
				c.Accounts[0].Pipelines[1].Name = "R2"
			}
			w, _ := installedWidget(t, s)
			crm := w.chromium(nil)
			crm.pipelinePage(repairs, "")
			crm.addsSource()
			crm.sees(sourcePage)
			crm.sees(`document.querySelector('.pop-up')`)
			shown := js[string](crm, sourcePage+`.querySelector('.leadline__hint').textContent`)
			want, _, _ := strings.Cut(shown, " R2")
			if want == "" || !strings.Contains(string(raw), `"pipeline": "`+want+`"`) {
				t.Errorf("%s: the page says %q", lang, shown)
			}
			js[any](crm, `(__crm.checkTexts(), null)`) // raw keys and other languages are breaches
			crm.shot(lang)
			w.noBreaches()
		})
	}
}
