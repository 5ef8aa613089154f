// Draws one picture, named by the address.
const query = new URLSearchParams(location.search);
const name = query.get("name");
const w = words[query.get("lang")] || words.en;
const mark = (px) => `<img src="mark.svg" width="${px}" height="${px}" alt="">`;

// Sizes are those the marketplace asks for; logo_main keeps a free margin.
const logos = {
  logo: () => logo(130, 100, `<div>${mark(62)}</div><div style="font-size:21px;margin-top:2px">Leadline</div>`, "column"),
  logo_main: () => logo(400, 272, `<div>${mark(150)}</div><div style="font-size:54px;margin-top:4px">Leadline</div>`, "column"),
  logo_small: () => logo(108, 108, mark(96)),
  logo_medium: () => logo(240, 84, `${mark(66)}<span style="font-size:37px;margin-left:10px">Leadline</span>`),
  logo_min: () => logo(84, 84, mark(76)),
};
function logo(width, height, inside, direction = "row") {
  return `<div id="art" class="logo" style="width:${width}px;height:${height}px;flex-direction:${direction}">${inside}</div>`;
}

const plant = (pot, leaf, shape) => `<svg width="110" height="112" viewBox="0 0 110 112">${shape.map((d) => `<path d="${d}" fill="${leaf}"/>`).join("")}
  <path d="M33 78h44l-6 30a4 4 0 0 1-4 3H43a4 4 0 0 1-4-3z" fill="${pot}"/><rect x="30" y="72" width="50" height="10" rx="3" fill="${pot}"/></svg>`;
const shapes = {
  broad: ["M55 74C30 66 20 44 26 24c18 4 30 22 29 50z", "M55 74c2-30 16-48 34-50 4 22-8 44-34 50z", "M55 74C44 48 46 22 56 8c12 14 12 42-1 66z"],
  round: ["M54 76V30h3v46z", "M55 40c-14 2-24-6-26-18 14-2 24 6 26 18z", "M56 34c0-14 8-24 20-26 2 14-6 25-20 26z", "M55 60c-14 4-26-2-30-14 14-4 26 2 30 14z", "M56 56c4-12 14-20 27-18-1 13-13 21-27 18z"],
  swords: ["M46 76 36 20l16 54z", "M54 76 55 6l9 70z", "M62 76l16-50-8 52z", "M42 76 26 40l18 36z", "M68 76l18-30-12 32z"],
  aloe: ["M55 76C40 66 28 50 24 34c16 6 28 22 31 42z", "M55 76c0-22 10-38 30-44-2 18-12 34-30 44z", "M55 76c-8-20-8-36 0-54 8 18 8 34 0 54z", "M52 76c-14-2-28-8-34-18 16-2 28 6 34 18z", "M58 76c6-12 18-20 34-18-6 10-20 16-34 18z"],
};

function frame(number, inside) {
  return `<div id="art" class="tour"><div class="say"><div class="brand">${mark(38)}Leadline</div><h1>${w.h[number]}</h1><p>${w.p[number]}</p>
    <div class="dots">${[0, 1, 2].map((i) => `<i class="${i === number ? "on" : ""}"></i>`).join("")}</div></div><div class="see">${inside}</div></div>`;
}

const tours = {
  tour_1: () => frame(0, `<div class="sheet modal"><div class="head"><div class="tile">${mark(46)}</div><div><b>${w.name}</b><span>${w.sub}</span></div></div>
    <label>${w.login}</label><div class="input">anna@${w.site}</div><label>${w.pass}</label><div class="input active">••••••••••</div><small>${w.hint}</small>
    <div class="row"><div class="save">${w.save}</div><div class="done">✓ ${w.done}</div></div><div class="code">${w.code}<pre>&lt;script&gt;
(function (win, doc, fn, obj, src) {
  win[obj] = { id: "1042", hash: "6f1d0c…", locale: "${query.get("lang")}" …</pre></div></div>`),

  tour_2: () => {
    const looks = [["#e3f1e5", "#c96f4a", "#2f7d4f", shapes.broad], ["#fbeee2", "#48688a", "#4d8f4a", shapes.round], ["#e4eef8", "#d9a441", "#3c8562", shapes.swords], ["#f5e8ee", "#7a5ea8", "#5b9c63", shapes.aloe]];
    const goods = w.goods.map(([title, price], i) => `<div class="good"><div class="pic" style="background:${looks[i][0]}">${plant(looks[i][1], looks[i][2], looks[i][3])}</div><b>${title}</b><span>${price}</span></div>`).join("");
    return frame(1, `<div class="sheet browser"><div class="bar"><i></i><i></i><i></i><span>${w.site}</span></div>
      <div class="shop"><div class="menu"><b>${w.shop}</b>${w.menu.map((m) => `<span>${m}</span>`).join("")}</div><div class="goods">${goods}</div></div>
      <div class="chat"><div class="top"><b>${w.title}</b><i>×</i></div>
      <div class="talk"><p class="out">${w.q1}</p><b>${w.who}</b><p class="in">${w.a1}</p><p class="out">${w.q2}</p><small>${w.sent}</small></div>
      <div class="write">${w.write}<svg width="20" height="20" viewBox="0 0 20 20"><path d="M2 3l16 7-16 7 3-7z" fill="#2f7de1"/></svg></div></div></div>`);
  },

  tour_3: () => {
    const message = (who, color, ink, time, text) => `<div class="msg"><div class="face" style="background:${color};color:${ink}">${who[0]}</div><div class="text"><b>${who}<small>${time}</small></b><br>${text}</div></div>`;
    return frame(2, `<div class="sheet crm"><div class="rail"><i></i><i class="on"></i><i></i><i></i><i></i></div>
      <div class="card"><h2>${w.lead}</h2><div class="stage">${w.stage}</div><dl>${w.fields.map(([k, v]) => `<dt>${k}</dt><dd>${v}</dd>`).join("")}</dl></div>
      <div class="feed"><div class="day">${w.day}</div>${message(w.visitor, "#ffe0cf", "#9a4a1c", "14:30", w.q1)}${message(w.who, "#d5e6fc", "#1d5fc4", "14:31", w.a1)}${message(w.visitor, "#ffe0cf", "#9a4a1c", "14:32", w.q2)}
      <div class="answer"><span>${w.answerTo}</span><p>${w.a2}</p><u>${w.send}</u></div></div></div>`);
  },
};

document.body.innerHTML = (logos[name] || tours[name])();
