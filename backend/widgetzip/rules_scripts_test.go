package widgetzip

import "testing"

// bad makes a case that adds a statement to the good script.
func bad(rule, name, statement string) broken {
	return broken{name: name, rule: rule, severity: Moderation, edits: []edit{{"script.js", "'use strict';", "'use strict'; " + statement}}}
}

// advise is bad for advice.
func advise(rule, name, statement string) broken {
	b := bad(rule, name, statement)
	b.severity = Advice
	return b
}

// good makes a case whose statement the rule lets stand.
func good(rule, name, statement string) broken {
	b := bad(rule, name, statement)
	b.fine = true
	return b
}

func scriptCases(t *testing.T) []broken {
	t.Helper()
	return []broken{
		bad("J02", "eval", "eval('1');"),
		bad("J02", "new Function", "new Function('return 1')();"),
		bad("J02", "a text for setTimeout", "setTimeout('go()', 1);"),
		bad("J02", "a text for window.setInterval", "window.setInterval('go()', 1);"),
		bad("J02", "document.write", "document.write('x');"),
		bad("J03", "alert", "alert('x');"),
		bad("J03", "window.confirm", "window.confirm('x');"),
		bad("J04", "console.log", "console.log('x');"),
		bad("J04", "console.error in a catch", "try { $(); } catch (e) { console.error(e); }"),
		bad("J04", "console.trace outside of a catch", "console.trace('x');"),
		bad("J04", "console.error as a handler", "a.then(null, console.error);"),
		bad("J05", "a synchronous request", "$.ajax({ url: '/x', async: false });"),
		bad("J07", "a script element", "document.createElement('script');"),
		bad("J07", "getScript", "$.getScript('https://cdn.example.com/x.js');"),
		bad("J07", "a script in HTML", `$('body').append('<script src="x.js"></' + 'script>');`),
		{name: "an address as a dependency", rule: "J07", severity: Moderation, edits: []edit{{"script.js", "['jquery'", "['https://cdn.example.com/x.js'"}}},
		bad("J02", "eval that is handed on", `(0, eval)('1');`),
		bad("J03", "alert as a handler", `a.then(null, alert);`),
		bad("J02", "eval by brackets", `window['eval']('1');`),
		bad("J02", "a text for setTimeout that is put together", `setTimeout('go(' + a.n + ')', 1);`),
		good("J02", "a function for setTimeout, and a member called eval", `setTimeout(function () { a.eval(); }, 1);`),
		good("J03", "an own function of that name", `a.alert('x'); function confirm() { return a; } confirm();`),
		bad("J04", "console kept in a member", `a.log = console; a.log.error('x');`),
		bad("J04", "console under another name", `var c = console; c.log('x');`),
		good("J04", "a look whether there is a console", `if (typeof console !== 'undefined' && window.console && console.debug) { console.debug('x'); }`),
		good("J04", "debug, and trace where something failed", `console.debug('x'); try { a.b(); } catch (e) { console.trace(e); } a.c().then(null, function (e) { console.trace(e); }); a.d().catch(function (e) { console.trace(e); });`),
		bad("J05", "an XMLHttpRequest that waits", `var x = new XMLHttpRequest(); x.onerror = a.failed; x.timeout = 1; x.open('GET', '/x', false);`),
		good("J05", "a request that does not wait", `$.ajax({ url: '/x', async: true, timeout: 1 }).fail(function (e) { a.show(e); }); a.list = { async: 1 };`),
		bad("J06", "a request in a for loop", `for (var i = 0; i < 9; i++) { a.w.$authorizedAjax({ url: '/x', timeout: 1 }).fail(function (e) { a.show(e); }); }`),
		bad("J06", "a request in forEach", `a.list.forEach(function (one) { $.ajax({ url: '/api/v4/leads/' + one, timeout: 1 }).fail(function (e) { a.show(e); }); });`),
		bad("J06", "a request in $.each", `$.each(a.list, function () { fetch('/api/v4/leads', { signal: a.s }).catch(function (e) { a.show(e); }); });`),
		bad("J06", "a function that asks, called in a loop", `function ask() { return a.w.crm_post('https://example.com', {}, a.done, 'json', function (e) { a.show(e); }); } while (a.more()) { ask(); }`),
		good("J06", "a request after a loop, and one by a timer", `for (var i = 0; i < 9; i++) { a.add(i); } $.ajax({ url: '/api/v4/leads', timeout: 1 }).fail(function (e) { a.show(e); }); setInterval(function () { $.ajax({ url: '/api/v4/leads', timeout: 1 }).fail(function (e) { a.show(e); }); }, 60000);`),
		good("J06", "handlers that ask, made in a loop", `a.list.forEach(function (one) { one.on('click', function () { $.ajax({ url: '/api/v4/leads', timeout: 1 }).fail(function (e) { a.show(e); }); }); });`),
		bad("J07", "import at run time", `import('/x.js');`),
		bad("J07", "require of an address", `require(['https://cdn.example.com/x.js'], a.run);`),
		good("J07", "an element that is none", `document.createElement('div'); a.text = 'a script of the play';`),
		bad("J08", "messages of any window", `window.addEventListener('message', function (e) { a.take(e.data); });`),
		bad("J08", "an origin that only begins like it", `window.addEventListener('message', function (e) { if (e.origin.indexOf('https://example.com') === 0) { a.take(e.data); } });`),
		bad("J08", "what came is run", `window.addEventListener('message', function (e) { if (e.origin === a.o) { $.globalEval(e.data); } });`),
		bad("J08", "a handler by jQuery", `$(window).on('message.a', function (e) { a.take(e.originalEvent.data); });`),
		bad("J08", "a handler that is set", `window.onmessage = function (e) { a.take(e.data); };`),
		good("J08", "one origin, values only", `function take(e) { if (e.origin !== a.o) { return; } a.take(String(e.data)); } window.addEventListener('message', take); window.removeEventListener('message', take); a.socket.on('message', a.x);`),
		bad("J09", "a variable that nobody declares", `total = 1;`),
		bad("J09", "a name that nobody declares", `a.x = lodashOfThePage.map;`),
		bad("J09", "a member of window", `window.leadlineState = {};`),
		bad("J09", "a member of APP through a variable", `var app = window.APP || {}; app.mine = 1;`),
		bad("J09", "Object.assign on window", `Object.assign(window, { x: 1 });`),
		bad("J09", "a constant that is set", `APP.constant('account', {});`),
		{name: "a variable outside of define", rule: "J09", severity: Moderation, edits: []edit{{"script.js", "define([", "var mine = 1;\ndefine(["}}},
		good("J09", "names of browsers, reads, and writes to own things", `var x = window.innerWidth + APP.constant('account').id; a.w = new MutationObserver(a.f); a.u = new URL(location.href); if (typeof Maybe === 'function') { Maybe(); } (function () { var window2 = {}; window2.y = x; }());`),
		bad("J10", "a click on install", `$('.js-widget-install').trigger('click');`),
		bad("J10", "a click on uninstall through a variable", `var $b = $('body').find('.js-widget-uninstall'); $b.click();`),
		bad("J10", "a click on the own button", `$('#' + a.params.widget_code).trigger('click');`),
		bad("J10", "a click on Save", `$('.js-widget-save').trigger('click');`),
		bad("J10", "Save in the background", `a.background_install();`),
		good("J10", "an event of the button, a handler, and an own click", `$('.js-widget-save').trigger('button:save:error'); $('.js-widget-install').click(a.pressed); $('.w__button').trigger('click');`),
		{fine: true, name: "a click on Save without settings", rule: "J10", edits: []edit{{manifest, `"settings": {"service_login": {"name": "settings.service_login", "type": "text", "required": true}}`, `"settings": {}`}, {"script.js", "'use strict';", "'use strict'; $('.js-widget-save').trigger('click');"}}},
		bad("J11", "the left menu", `$('#nav_menu').hide();`),
		bad("J11", "the rating", `$('.widget-card .rating-stars').css('display', 'none');`),
		bad("J11", "a review through a variable", `var r = document.querySelector('.reviews'); r.style.display = 'none';`),
		{name: "the left menu by styles", rule: "J11", severity: Moderation, put: map[string]string{"style.css": ".w .nav__menu { display: none; }\n"}},
		good("J11", "a rating of one's own", `$('.w__rating').hide(); $('.w .list').hide(); a.rating.hide();`),
		bad("J12", "a task", `// TODO: finish
`),
		bad("J12", "code in a comment", `// a.b('x');
`),
		bad("J12", "code in a block", `/* if (a) {
  a.b();
} */`),
		bad("J12", "debugger", `debugger;`),
		bad("J12", "a password", `a.login = { password: 'hunter22' };`),
		bad("J12", "this machine", `a.base = 'http://localhost:8080/x';`),
		bad("J12", "a host for trials", `a.base = 'https://test.example.com/x';`),
		good("J12", "comments that explain, and keys of texts", `// The second argument, the clicked source, is not needed: see settings(); it is the same (for all).
/* Note: a - b */
a.keys = { password: 'form.password', token: 'errors.no_token' };`),
		advise("J13", "a long line", `a.x = ['word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word', 'word'];`),
		advise("J13", "short names", `var aa = 1; aa = aa; var ab = 1; ab = ab; var ac = 1; ac = ac; var ad = 1; ad = ad; var ae = 1; ae = ae; var af = 1; af = af; var ag = 1; ag = ag; var ah = 1; ah = ah; var ai = 1; ai = ai; var aj = 1; aj = aj; var ba = 1; ba = ba; var bb = 1; bb = bb; var bc = 1; bc = bc; var bd = 1; bd = bd; var be = 1; be = be; var bf = 1; bf = bf; var bg = 1; bg = bg; var bh = 1; bh = bh; var bi = 1; bi = bi; var bj = 1; bj = bj; var ca = 1; ca = ca; var cb = 1; cb = cb; var cc = 1; cc = cc; var cd = 1; cd = cd; var ce = 1; ce = ce; var cf = 1; cf = cf; var cg = 1; cg = cg; var ch = 1; ch = ch; var ci = 1; ci = ci; var cj = 1; cj = cj; var da = 1; da = da; var db = 1; db = db; var dc = 1; dc = dc; var dd = 1; dd = dd; var de = 1; de = de; var df = 1; df = df; var dg = 1; dg = dg; var dh = 1; dh = dh; var di = 1; di = di; var dj = 1; dj = dj; var ea = 1; ea = ea; var eb = 1; eb = eb; var ec = 1; ec = ec; var ed = 1; ed = ed; var ee = 1; ee = ee; var ef = 1; ef = ef; var eg = 1; eg = eg; var eh = 1; eh = eh; var ei = 1; ei = ei; var ej = 1; ej = ej; var fa = 1; fa = fa; var fb = 1; fb = fb; var fc = 1; fc = fc; var fd = 1; fd = fd; var fe = 1; fe = fe; var ff = 1; ff = ff; var fg = 1; fg = fg; var fh = 1; fh = fh; var fi = 1; fi = fi; var fj = 1; fj = fj; var ga = 1; ga = ga; var gb = 1; gb = gb; var gc = 1; gc = gc; var gd = 1; gd = gd; var ge = 1; ge = ge; var gf = 1; gf = gf; var gg = 1; gg = gg; var gh = 1; gh = gh; var gi = 1; gi = gi; var gj = 1; gj = gj; var ha = 1; ha = ha; var hb = 1; hb = hb; var hc = 1; hc = hc; var hd = 1; hd = hd; var he = 1; he = he; var hf = 1; hf = hf; var hg = 1; hg = hg; var hh = 1; hh = hh; var hi = 1; hi = hi; var hj = 1; hj = hj;`),
		advise("J13", "a blob", `a.x =
'QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ';`),
		good("J13", "a line of 400 characters", `
'x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x ';
`),
		bad("J14", "an undocumented member", `APP.router.navigate('/leads');`),
		bad("J14", "an undocumented member below, under the old name", `AMOCRM.data.is_card;`),
		bad("J14", "through a function", `function app() { return window.APP || {}; } app().controls.open();`),
		good("J14", "what is documented", `APP.notifications.add_error({ header: 'x' }, a.callbacks); APP.sdk.showUserStatus('online'); APP.data.current_card; window.APP.constant('user'); a.APP.other();`),
		bad("J15", "an address without https", `a.base = 'http://example.com';`),
		bad("J15", "no failure branch", `$.ajax({ url: '/x', timeout: 1 }).done(a.show);`),
		bad("J15", "an empty failure branch", `$.ajax({ url: '/x', timeout: 1 }).fail(function () {});`),
		bad("J15", "fetch without a catch", `fetch('/x', { signal: a.s }).then(a.show);`),
		bad("J15", "a promise in a variable that nobody looks at", `var p = a.w.$authorizedAjax({ url: '/x', timeout: 1 }); p.done(a.show);`),
		bad("J15", "crm_post", `a.w.crm_post('https://example.com/x', {}, a.show);`),
		good("J15", "failure branches of all kinds", `$.ajax({ url: '/x', timeout: 1, error: function (e) { a.show(e); } }); $.post('/x').done(a.b).fail(function (e) { a.show(e); }); fetch('/x', { signal: a.s }).then(a.b).catch(function (e) { a.show(e); }); a.w.$authorizedAjax({ url: '/x', timeout: 1 }).then(a.b, function (e) { a.show(e); }); function f() { return $.get('/x'); } var p = fetch('/x', { signal: a.s }); p.catch(function (e) { a.show(e); }); async function g() { try { await fetch('/x', { signal: a.s }); } catch (e) { a.show(e); } } f(g); a.ns = 'http://www.w3.org/2000/svg';`),
		advise("J16", "a handler on the document", `$(document).on('click', '.w', a.f);`),
		advise("J16", "a handler on the window", `window.addEventListener('resize', a.f);`),
		advise("J16", "another handler is taken off", `window.addEventListener('resize', a.f); window.removeEventListener('scroll', a.f); $('.w').off();`),
		good("J16", "the name space", `$(document).on('click' + a.ns, '.w', a.f); $('body').on('click.w', a.f); $('.w').on('click', a.f);`),
		good("J16", "taken off by the name space", `$(document).on('click', '.w', a.f); a.stop = function () { $(document).off(a.ns); };`),
		good("J16", "taken off", `window.addEventListener('resize', a.f); a.stop = function () { window.removeEventListener('resize', a.f); };`),
		advise("J17", "a deferred that nobody settles", `function f() { var d = $.Deferred(); return d.promise(); } a.f = f;`),
		advise("J17", "a promise with a way out", `a.p = new Promise(function (resolve) { if (a.x) { resolve(); } });`),
		advise("J17", "a request without end", `$.ajax({ url: '/x' }).fail(function (e) { a.show(e); });`),
		good("J17", "settled on every way", `function f() { var d = $.Deferred(); a.go(function () { d.resolve(); }); return d.promise(); } a.f = f; a.p = new Promise(function (resolve, reject) { if (a.x) { resolve(); } else { a.go(reject); } }); a.q = new Promise(function (resolve) { setTimeout(resolve, 1); });`),
		bad("J18", "the class of a switch", `if ($('.w').hasClass('switcher__on')) { a.f(); }`),
		{name: "the class of a switch in styles", rule: "J18", severity: Moderation, put: map[string]string{"style.css": ".w .switcher__off { color: red; }\n"}},
		good("J18", "the state of the box", `a.on = $('.w input').prop('checked'); a.name = 'switcher';`),
		{name: "a secret that was given", rule: "J19", severity: Moderation, options: Options{Forbidden: []string{"", "hush-hush"}}, put: map[string]string{"lib/a.js": "define({ a: 'hush-hush' });\n"}},
		{name: "a secret that was given, in base64", rule: "J19", severity: Moderation, options: Options{Forbidden: []string{"hush-hush"}}, put: map[string]string{"lib/a.js": "define({ a: 'aHVzaC1odXNo' });\n"}},
		{name: "a channel's secret", rule: "J19", severity: Moderation, put: map[string]string{"lib/a.js": "define({ a: '" + "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678" + "' });\n"}},
		{name: "a signed token", rule: "J19", severity: Moderation, put: map[string]string{"lib/a.js": "define({ a: '" + "eyJhbGciOiJIUzI1NiJ9xxxx" + ".eyJzdWIiOiIxIn0.abc" + "' });\n"}},
		{name: "a private key", rule: "J19", severity: Moderation, put: map[string]string{"templates/a.txt": "-----BEGIN " + "PRIVATE KEY-----\n"}},
		{fine: true, name: "ids and long names", rule: "J19", options: Options{Forbidden: []string{"hush-hush"}}, put: map[string]string{"lib/a.js": "define({ a: '3f1c2a9e-6d5b-4c1e-8a77-0c9d4e5f6a7b', b: '" + "0000000000000000000000000000000000000000" + "' });\n"}},
		{fine: true, name: "a whole module", rule: "J01"},
	}
}
