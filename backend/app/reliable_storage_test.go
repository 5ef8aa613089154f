package app

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// kept counts the messages and the files in the database of a panel.
func (b *tab) kept() string {
	b.w.t.Helper()
	return js[string](b, `indexedDB.databases().then(([{ name }]) => new Promise((done) => {
		indexedDB.open(name).onsuccess = (e) => {
			const db = e.target.result, t = db.transaction(["messages", "bytes"]);
			const counts = ["messages", "bytes"].map((s) => t.objectStore(s).count());
			t.oncomplete = () => { db.close(); done(JSON.stringify(counts.map((c) => c.result))) };
		};
	}))`)
}

// refusing answers the panel's script with one that finds no such storage.
func refusing(names ...string) way {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if !strings.HasPrefix(r.URL.Path, "/assets/panel.") || !strings.HasSuffix(r.URL.Path, ".js") {
			next.ServeHTTP(w, r)
			return
		}
		held := httptest.NewRecorder()
		r.Header.Del("Accept-Encoding")
		next.ServeHTTP(held, r)
		w.Header().Set("Content-Type", held.Header().Get("Content-Type"))
		for _, name := range names {
			_, _ = fmt.Fprintf(w, `Object.defineProperty(self, %q, { get() { throw new DOMException("refused", "SecurityError") } });`, name)
		}
		_, _ = io.Copy(w, held.Body)
	}
}

// TestWhereStorageIsRefused: without a database texts wait in the other storage;
// without any the chat works all the same, and the visitor is told what a reload
// would lose when it would.
func TestWhereStorageIsRefused(t *testing.T) {
	t.Parallel()
	b := startBrowsing(t)
	banner := `document.querySelector('.sc-banner').textContent`
	for _, tt := range []struct {
		name    string
		refused []string
		told    string
	}{
		{"no database", []string{"indexedDB"}, "You are offline"},
		{"nothing", []string{"indexedDB", "localStorage", "sessionStorage"}, "Keep this page open"},
	} {
		b.front.way.Store(refusing(tt.refused...))
		p := b.browser.person(shopURL + "/")
		c := p.opens()
		one, two := tt.name+": one", tt.name+": two"
		c.writes(one)
		b.arrives(one)
		if got := js[string](c, banner); got != "" {
			t.Errorf("with all sent it says %q", got)
		}
		offline(true, p, c)
		c.sees(banner + `.includes('You are offline')`)
		c.writes(two)
		c.sees(fmt.Sprintf(`%s.includes(%q) && document.querySelector('.sc-message--sending')`, banner, tt.told))
		p.shot("refused " + tt.name)
		if tt.told == "You are offline" {
			// It is kept: another page sends it.
			offline(false, p)
			p.visit(shopURL + "/")
			c = p.panel()
		} else {
			offline(false, p, c)
		}
		b.arrives(two)
		c.sees(banner + ` === ''`)
		if tt.told == "You are offline" {
			b.wantOnce(c.token(), "inbound", c, one, two)
		}
	}
	b.noBreaches()
}

// TestWhereThereIsNoRoom: a file that the browser has no room for is sent all the
// same, and said to be lost by a reload while it waits.
func TestWhereThereIsNoRoom(t *testing.T) {
	t.Parallel()
	b := startBrowsing(t)
	p := b.browser.open(shopURL + "/")
	c := p.opens()
	c.writes("one")
	b.arrives("one")
	// The quota of a test's browser is that of the disk: the database itself says no.
	js[any](c, `(() => {
		const add = IDBObjectStore.prototype.add;
		IDBObjectStore.prototype.add = function (value, ...key) {
			if (value instanceof Blob) throw new DOMException("no room", "QuotaExceededError");
			return add.call(this, value, ...key);
		};
		return null;
	})()`)
	c.give("lamp.gif", sample(t, "small.gif"))
	offline(true, p, c)
	c.sees(`document.querySelector('.sc-banner').textContent.includes('You are offline')`)
	c.writes("two")
	c.sees(`document.querySelector('.sc-banner').textContent.includes('Keep this page open')`)
	c.writes("three")
	offline(false, p, c)
	b.arrives("two", "three")
	b.wantOnce(c.token(), "inbound", c, "one", "two", "three")
	b.noBreaches()
}
