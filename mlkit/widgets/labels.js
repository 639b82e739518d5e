// The labeller: one row at a time by keys, or all of them as a list to look through.
// All text goes in by textContent; nothing from the data is ever read as HTML.

const WINDOW = 6;
const PAGE = 60;
const FOLDED = 1500;
const TONES = ["#2f6fb5", "#e58139", "#3a9b7a", "#b5476b", "#8a6fc0", "#d0a62b", "#4fb0c6", "#7a7f87"];
const STATES = [
  ["all", "all rows"],
  ["without", "without a label"],
  ["labelled", "with a label"],
  ["by hand", "labelled by hand"],
  ["disputed", "people disagree"],
  ["suspicious", "doubtful labels"],
];
const ORDERS = [
  ["table", "as in the table"],
  ["suspicious", "most doubtful first"],
  ["label", "by label"],
];
const KEYS = [
  ["1–9", "choose"],
  ["0", "none of them"],
  ["space", "skip"],
  ["u", "undo"],
  ["← →", "move"],
  ["/", "filter"],
  ["n", "new class"],
];
const NUMBER_KEYS = [
  ["Enter", "save"],
  ["Esc", "leave the field; then:"],
  ["space", "skip"],
  ["u", "undo"],
  ["← →", "move"],
  ["/", "filter"],
];
const GONE = "the kernel was restarted or shut down; run this cell again";

const FOCUSED = /^(audio|button|input|select)$/;

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  // JupyterLab takes no key for a command that is pressed with this in focus
  if (FOCUSED.test(tag) || "tabindex" in attributes) node.setAttribute("data-lm-suppress-shortcuts", "true");
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null && value !== false)
      node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((c) => c !== null && c !== undefined && c !== false));
  return node;
}

function many(count, word) {
  return `${count.toLocaleString("en")} ${word}${count === 1 ? "" : word.endsWith("s") ? "es" : "s"}`;
}

class Labeller {
  constructor(model, el) {
    this.model = model;
    this.state = null;
    this.seen = [];
    this.at = -1;
    this.ahead = [];
    this.given = new Set();
    this.route = null;
    this.waiting = true;
    this.asked = false;
    this.token = 0;
    this.urls = { item: [], list: [] };
    this.unsaved = 0;
    this.gone = false;
    this.view = "label";
    this.build(el);
    this.listen = (message, buffers) => this.told(message, buffers || []);
    model.on("msg:custom", this.listen);
    this.left = () => this.lose(this.unsaved > 0);
    model.on("comm_live_update", this.left);
    this.ask({ ask: "start" });
  }

  // Return whether it is on its way: a kernel that is gone takes nothing.
  ask(message) {
    try {
      if (!this.gone) this.model.send(message);
    } catch {
      this.gone = true;
    }
    if (this.gone) this.lose(true);
    return !this.gone;
  }

  lose(something) {
    this.gone = true;
    if (something) {
      this.saved.textContent = "not kept";
      this.saved.classList.add("mlk-bad");
    }
    this.say(something ? `not kept: ${GONE}` : GONE, true);
  }

  // the frame

  build(el) {
    this.progress = make("span", { class: "mlk-progress-text" });
    this.bar = make("div", { class: "mlk-bar", role: "progressbar", "aria-label": "rows labelled", "aria-valuemin": 0 }, make("div"));
    this.saved = make("span", { class: "mlk-saved" });
    this.status = make("div", { class: "mlk-status", role: "status", "aria-live": "polite" });
    this.tabs = {
      label: this.button("Label", () => this.turn("label"), { role: "tab", class: "mlk-tab" }),
      explore: this.button("Explore", () => this.turn("explore"), { role: "tab", class: "mlk-tab" }),
    };
    this.title = make("strong", { class: "mlk-title" });
    this.item = make("article", { class: "mlk-item", "aria-label": "the row" });
    this.classes = make("div", { class: "mlk-classes", role: "group", "aria-label": "classes" });
    this.fresh = this.newClass();
    this.doing = make(
      "div",
      { class: "mlk-doing" },
      this.button("skip", () => this.skip(), { "aria-keyshortcuts": "Space" }),
      this.button("undo", () => this.undo(), { "aria-keyshortcuts": "u Backspace" }),
      this.button("←", () => this.move(-1), { "aria-label": "the row before", "aria-keyshortcuts": "ArrowLeft" }),
      this.button("→", () => this.move(1), { "aria-label": "the next row", "aria-keyshortcuts": "ArrowRight" }),
    );
    const side = make("div", { class: "mlk-side" }, this.classes, this.fresh, this.doing);
    this.hints = make("div", { class: "mlk-hints" });
    this.labelView = make("div", { class: "mlk-label", role: "tabpanel" }, make("div", { class: "mlk-split" }, this.item, side), this.hints);
    this.exploreView = this.explorer();
    this.root = make(
      "div",
      {
        class: "mlkit-labels",
        role: "application",
        tabindex: 0,
        "aria-label": "Labeller",
        onkeydown: (event) => this.key(event),
      },
      make("header", { class: "mlk-head" }, this.title, this.progress, this.bar, this.saved, make("span", { class: "mlk-tabs", role: "tablist" }, this.tabs.label, this.tabs.explore)),
      this.labelView,
      this.exploreView,
      this.status,
    );
    el.append(this.root);
    this.turn("label");
    this.item.append(make("p", { class: "mlk-quiet" }, "waiting for the kernel …"));
  }

  button(text, act, attributes = {}) {
    return make(
      "button",
      {
        type: "button",
        ...attributes,
        onclick: (event) => {
          act(event);
          if (event.detail > 0 && !this.typing()) this.root.focus({ preventScroll: true });
        },
      },
      text,
    );
  }

  typing() {
    const focus = this.root.ownerDocument.activeElement;
    return focus && this.root.contains(focus) && /^(INPUT|SELECT|TEXTAREA)$/.test(focus.tagName);
  }

  newClass() {
    const field = make("input", {
      class: "mlk-new",
      placeholder: "new class (n)",
      "aria-label": "name of a class",
      list: "mlk-names",
      onkeydown: (event) => {
        if (event.key === "Enter" && field.value.trim()) {
          const name = field.value.trim();
          field.value = "";
          if (!this.state.classes.some((c) => c.name === name)) this.ask({ ask: "class", name });
          this.choose(name);
        }
        if (event.key === "Enter" || event.key === "Escape") this.root.focus({ preventScroll: true });
        if (event.key === "Enter" || event.key === "Escape") event.stopPropagation();
      },
    });
    this.names = make("datalist", { id: "mlk-names" });
    this.newField = field;
    return make("div", {}, field, this.names);
  }

  explorer() {
    this.search = make("input", { type: "search", placeholder: "words in the row", "aria-label": "words in the row", oninput: () => this.later() });
    const select = (label, options) =>
      make("select", { "aria-label": label, onchange: () => this.list() }, ...options.map(([value, text]) => make("option", { value }, text)));
    this.byState = select("which rows", STATES);
    this.byClass = make("select", { "aria-label": "class", onchange: () => this.list() });
    this.byOrder = select("order", ORDERS);
    this.found = make("span", { class: "mlk-quiet", role: "status" });
    this.grid = make("ul", { class: "mlk-grid" });
    this.more = this.button("more", () => this.list(this.rows.length), { class: "mlk-more" });
    this.rows = [];
    return make(
      "div",
      { class: "mlk-explore", role: "tabpanel" },
      make("div", { class: "mlk-tools" }, this.search, this.byState, this.byClass, this.byOrder, this.found),
      this.grid,
      this.more,
    );
  }

  turn(view) {
    this.view = view;
    for (const [name, tab] of Object.entries(this.tabs)) tab.setAttribute("aria-selected", String(name === view));
    this.labelView.hidden = view !== "label";
    this.exploreView.hidden = view !== "explore";
    if (view === "explore") {
      this.pause();
      this.list();
    } else if (this.at >= 0) {
      this.clock = Date.now();
    }
  }

  // what the kernel tells

  told(message, buffers) {
    const act = this[`on_${message.tell}`];
    if (act) act.call(this, message, buffers);
  }

  on_state(state) {
    this.state = state;
    this.title.textContent = state.target;
    this.root.setAttribute("aria-label", `Labeller: ${state.target}`);
    const share = state.total ? state.done / state.total : 1;
    const classes = state.numeric ? "" : `, ${many(state.classes.length, "class")}`;
    this.progress.textContent = state.total
      ? `${state.done.toLocaleString("en")} of ${state.total.toLocaleString("en")}${classes}`
      : `all ${many(state.rows, "row")} came with a label${classes}`;
    this.bar.setAttribute("aria-valuemax", state.total || 1);
    this.bar.setAttribute("aria-valuenow", state.total ? state.done : 1);
    this.bar.firstChild.style.width = `${Math.round(100 * share)}%`;
    this.showClasses();
    this.showHints();
    this.offer();
  }

  on_next(message, buffers) {
    this.asked = false;
    const items = this.unpack(message.items, buffers);
    const shown = new Set(this.seen.slice(-WINDOW).map((item) => item.row));
    const current = this.current();
    if (current) shown.add(current.row);
    if (message.fresh) this.ahead = [];
    for (const item of this.ahead) shown.add(item.row);
    const fresh = items.filter((item) => !shown.has(item.row) && !this.given.has(item.row));
    const left = items.filter((item) => !this.given.has(item.row) && !(current && current.row === item.row));
    this.ahead.push(...(fresh.length ? fresh : this.ahead.length ? [] : left));
    if (this.waiting) this.next();
  }

  on_ranked() {
    this.want(true);
  }

  on_item(message, buffers) {
    const [item] = this.unpack([message.item], buffers);
    const at = this.seen.findIndex((one) => one.row === item.row);
    if (at >= 0) {
      this.seen[at] = item;
      this.at = at;
    } else {
      this.seen = [...this.seen.slice(0, this.at + 1), item];
      this.at = this.seen.length - 1;
    }
    if (message.undone) {
      this.given.delete(item.row);
      this.say("undone");
    }
    this.turn("label");
    this.show();
  }

  on_list(message, buffers) {
    if (message.token !== this.token) return;
    const items = this.unpack(message.items, buffers);
    if (message.start === 0) {
      this.free("list");
      this.grid.replaceChildren();
      this.rows = [];
    }
    for (const item of items) this.grid.append(this.card(item, this.rows.push(item.row) - 1));
    this.found.textContent = many(message.total, "row");
    this.total = message.total;
    this.more.hidden = this.rows.length >= message.total;
    if (this.route && this.route.pending !== undefined && this.rows[this.route.pending])
      this.open(this.route.pending);
  }

  on_saved(message) {
    this.unsaved = Math.max(this.unsaved - 1, 0);
    this.saved.textContent = this.unsaved ? "saving …" : "saved ✓";
    this.saved.classList.remove("mlk-bad");
    const item = this.seen.find((one) => one.row === message.row);
    if (item) item.mine = { said: true, label: message.label };
  }

  on_failed(message) {
    this.unsaved = 0;
    this.saved.textContent = "not saved";
    this.saved.classList.add("mlk-bad");
    this.say(message.why, true);
    if (message.row) {
      this.given.delete(message.row);
      this.ask({ ask: "open", row: message.row });
    }
  }

  on_notice(message) {
    this.say(message.text);
  }

  unpack(items, buffers) {
    return items.map((item) => ({
      ...item,
      media: item.media.map((one) => ({ ...one, data: one.buffer === undefined ? null : buffers[one.buffer] })),
    }));
  }

  // moving on

  current() {
    return this.at >= 0 ? this.seen[this.at] : null;
  }

  want(fresh = false) {
    if (this.asked && !fresh) return;
    this.asked = true;
    const current = this.current();
    const holding = [...(fresh ? [] : this.ahead.map((item) => item.row)), ...(current && !this.waiting ? [current.row] : [])];
    this.ask({ ask: "next", count: WINDOW, holding, fresh });
  }

  next() {
    if (this.at < this.seen.length - 1) {
      this.at += 1;
      this.show();
    } else if (this.route) {
      this.open(this.route.index + 1);
    } else if (this.ahead.length) {
      this.waiting = false;
      this.seen.push(this.ahead.shift());
      this.at = this.seen.length - 1;
      this.show();
      if (this.ahead.length < WINDOW / 2) this.want();
    } else if (this.waiting && !this.asked) {
      this.finish();
    } else {
      this.waiting = true;
      this.want();
    }
  }

  move(step) {
    if (step > 0) this.next();
    else if (this.at > 0) {
      this.at -= 1;
      this.show();
    } else this.say("this is the first row");
  }

  choose(label) {
    const item = this.current();
    if (!item || !this.state || this.view !== "label" || this.done) return;
    const seconds = (Date.now() - this.clock) / 1000;
    if (!this.ask({ ask: "label", row: item.row, label, seconds })) return;
    item.mine = { said: true, label };
    this.given.add(item.row);
    this.unsaved += 1;
    this.saved.textContent = "saving …";
    this.say(`given: ${label === null ? "none of them" : label}`);
    this.next();
  }

  skip() {
    const item = this.current();
    if (!item || this.view !== "label" || this.done) return;
    if (!this.ask({ ask: "skip", row: item.row })) return;
    this.say("skipped");
    this.next();
  }

  undo() {
    this.ask({ ask: "undo" });
  }

  open(index) {
    if (index < this.rows.length) {
      this.route = { index };
      this.ask({ ask: "open", row: this.rows[index] });
    } else if (this.rows.length < this.total) {
      this.route = { index: index - 1, pending: index };
      this.list(this.rows.length);
    } else {
      this.route = null;
      this.say("the end of the list: back to what is without a label");
      this.next();
    }
  }

  finish() {
    this.done = true;
    this.pause();
    this.free("item");
    const doubts = this.state.doubts;
    this.item.replaceChildren(
      make("p", { class: "mlk-done" }, "Every row has a label."),
      doubts
        ? this.button(`look at ${many(doubts, "doubtful label")}`, () => this.review(), { class: "mlk-main" })
        : make("p", { class: "mlk-quiet" }, "Explore shows all of them; the cells below use the labels when they are run."),
    );
  }

  offer() {
    if (this.done && this.waiting && !this.current()) this.finish();
  }

  review() {
    this.byState.value = "suspicious";
    this.byOrder.value = "suspicious";
    this.turn("explore");
  }

  // the row

  show() {
    const item = this.current();
    if (!item) return;
    this.done = false;
    this.waiting = false;
    this.clock = Date.now();
    this.free("item");
    const parts = [make("div", { class: "mlk-row" }, make("span", {}, item.row), this.standing(item))];
    if (item.doubt) parts.push(make("p", { class: "mlk-doubt" }, `given ${item.doubt.given}, perhaps ${item.doubt.suggested}: ${item.doubt.why}`));
    for (const one of item.media) parts.push(this.media(one));
    const texts = item.cells.filter((cell) => cell.type === "text" && cell.text.length > 60);
    for (const cell of texts) parts.push(this.text(cell));
    const rest = item.cells.filter((cell) => !texts.includes(cell));
    if (rest.length)
      parts.push(
        make(
          "dl",
          { class: "mlk-cells" },
          ...rest.map((cell) =>
            make("div", {}, make("dt", {}, cell.name), make("dd", { class: cell.text ? "" : "mlk-quiet" }, cell.text || "–")),
          ),
        ),
      );
    this.item.replaceChildren(...parts);
    this.item.scrollTop = 0;
    this.showClasses();
    this.showHints();
    if (this.number) {
      this.number.value = item.mine.said && item.mine.label !== null ? item.mine.label : "";
      this.number.focus({ preventScroll: true });
    }
  }

  standing(item) {
    const said = [];
    if (item.source !== null) said.push(`came as ${item.source}`);
    if (item.mine.said) said.push(`you said ${item.mine.label === null ? "none" : item.mine.label}`);
    return make("span", { class: "mlk-quiet" }, said.join(" · "));
  }

  text(cell) {
    const body = make("div", { class: "mlk-text", tabindex: 0, "aria-label": cell.name });
    const long = cell.text.length > FOLDED;
    const fold = (folded) => (body.textContent = folded ? `${cell.text.slice(0, FOLDED)} …` : cell.text);
    fold(long);
    const more = long && this.button(`all ${many(cell.text.length, "character")}`, () => (fold(false), more.remove()), { class: "mlk-fold" });
    return make("section", {}, make("h4", {}, cell.name), body, more);
  }

  media(one) {
    if (!one.data || !one.mime) return make("p", { class: "mlk-bad" }, `${one.name}: ${one.text || "nothing to show"}`);
    const url = this.url(one, "item");
    if (one.type === "image") return make("img", { src: url, alt: one.name, class: "mlk-image" });
    const sound = make("audio", { src: url, controls: true, preload: "auto", "aria-label": one.name });
    const wave = make("canvas", { class: "mlk-wave", width: 900, height: 120, "aria-hidden": true });
    wave.addEventListener("click", (event) => {
      if (sound.duration) sound.currentTime = (event.offsetX / wave.clientWidth) * sound.duration;
    });
    this.draw(one.data, wave, sound);
    this.sound = sound;
    sound.play().catch(() => {});
    return make("section", { class: "mlk-sound" }, make("h4", {}, one.name), wave, sound);
  }

  async draw(data, canvas, sound) {
    const Context = window.OfflineAudioContext;
    if (!Context) return;
    let samples;
    try {
      const bytes = data.buffer ? data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) : data.slice(0);
      samples = (await new Context(1, 1, 22050).decodeAudioData(bytes)).getChannelData(0);
    } catch {
      return;
    }
    const bars = 225;
    const step = Math.max(1, Math.floor(samples.length / bars));
    const peaks = Array.from({ length: Math.min(bars, samples.length) }, (_, bar) => {
      let top = 0;
      for (let i = bar * step; i < Math.min((bar + 1) * step, samples.length); i += 1) top = Math.max(top, Math.abs(samples[i]));
      return top;
    });
    const loudest = Math.max(...peaks, 1e-6);
    const paint = () => {
      const pen = canvas.getContext("2d");
      const tone = getComputedStyle(canvas);
      const played = sound.duration ? sound.currentTime / sound.duration : 0;
      pen.clearRect(0, 0, canvas.width, canvas.height);
      peaks.forEach((peak, bar) => {
        const high = Math.max(2, (peak / loudest) * (canvas.height - 8));
        pen.fillStyle = bar / bars < played ? tone.getPropertyValue("--mlk-accent") : tone.getPropertyValue("--mlk-muted");
        pen.fillRect((bar * canvas.width) / bars, (canvas.height - high) / 2, canvas.width / bars - 1.5, high);
      });
    };
    sound.addEventListener("timeupdate", paint);
    sound.addEventListener("ended", paint);
    paint();
  }

  url(one, kind) {
    const url = URL.createObjectURL(new Blob([one.data], { type: one.mime }));
    this.urls[kind].push(url);
    return url;
  }

  free(kind) {
    for (const url of this.urls[kind].splice(0)) URL.revokeObjectURL(url);
    if (kind === "item") this.sound = null;
  }

  pause() {
    if (this.sound) this.sound.pause();
  }

  showClasses() {
    const state = this.state;
    if (!state) return;
    this.fresh.hidden = state.numeric;
    if (state.numeric) {
      if (!this.number) this.classes.replaceChildren(this.numberField());
      return;
    }
    const item = this.current();
    const mine = item && item.mine.said ? item.mine.label : undefined;
    const buttons = state.classes.map((one, place) =>
      this.button(
        "",
        () => this.choose(one.name),
        {
          class: "mlk-class",
          "aria-pressed": String(mine === one.name),
          "aria-keyshortcuts": place < 9 ? String(place + 1) : null,
          "aria-label": `${one.name}, ${many(one.count, "row")}`,
        },
      ),
    );
    buttons.forEach((button, place) => {
      const one = state.classes[place];
      const dot = make("i", {});
      dot.style.background = TONES[place % TONES.length];
      button.append(make("kbd", {}, place < 9 ? String(place + 1) : "·"), dot, make("span", {}, one.name), make("small", {}, one.count.toLocaleString("en")));
    });
    const none = this.button("", () => this.choose(null), { class: "mlk-class mlk-none", "aria-pressed": String(mine === null), "aria-keyshortcuts": "0" });
    none.append(make("kbd", {}, "0"), make("i", {}), make("span", {}, "none of them"));
    this.classes.replaceChildren(...buttons, none);
    this.names.replaceChildren(...state.classes.map((one) => make("option", { value: one.name })));
    const chosen = this.byClass.value;
    this.byClass.replaceChildren(
      make("option", { value: "" }, "any label"),
      ...state.classes.map((one) => make("option", { value: one.name }, `${one.name} (${one.count.toLocaleString("en")})`)),
    );
    this.byClass.value = state.classes.some((one) => one.name === chosen) ? chosen : "";
  }

  numberField() {
    this.number = make("input", {
      type: "number",
      step: "any",
      class: "mlk-number",
      "aria-label": this.state.target,
      onkeydown: (event) => {
        event.stopPropagation();
        if (event.key === "Enter" && this.number.value !== "") this.choose(Number(this.number.value));
        if (event.key === "Escape") this.root.focus({ preventScroll: true });
      },
    });
    return this.number;
  }

  showHints() {
    const keys = this.state.numeric ? NUMBER_KEYS : KEYS;
    const shown = this.sound ? [...keys, ["p", "play"]] : keys;
    this.hints.replaceChildren(...shown.map(([key, does]) => make("span", {}, make("kbd", {}, key), ` ${does}`)));
  }

  say(text, bad = false) {
    this.status.textContent = text;
    this.status.classList.toggle("mlk-bad", bad);
  }

  // the list

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.list(), 250);
  }

  list(start = 0) {
    if (start === 0) {
      this.token += 1;
      this.route = null;
    }
    this.ask({
      ask: "list",
      token: this.token,
      start,
      count: PAGE,
      text: this.search.value,
      label: this.byClass.value,
      state: this.byState.value,
      order: this.byOrder.value,
    });
  }

  card(item, index) {
    const place = this.state.classes.findIndex((one) => one.name === item.label);
    const chip = make("span", { class: "mlk-chip" }, item.label === null ? "no label" : String(item.label));
    if (place >= 0) chip.style.borderColor = TONES[place % TONES.length];
    const picture = item.media.find((one) => one.type === "image" && one.data && one.mime);
    const button = this.button("", () => this.pick(index), {
      class: "mlk-card",
      "aria-label": `${item.row}, ${item.label === null ? "no label" : item.label}`,
    });
    const foot = make("span", { class: "mlk-foot" }, chip);
    if (item.doubt) foot.append(make("span", { class: "mlk-chip mlk-bad" }, `perhaps ${item.doubt.suggested}`));
    if (item.mine.said) foot.append(make("span", { class: "mlk-quiet" }, "yours"));
    button.append(picture ? make("img", { src: this.url(picture, "list"), alt: "" }) : make("span", { class: "mlk-glimpse" }, item.glimpse), foot);
    return make("li", {}, button);
  }

  pick(index) {
    this.seen = this.seen.slice(0, this.at + 1);
    this.open(index);
    this.root.focus({ preventScroll: true });
  }

  // the keys

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const tag = event.target.tagName;
    if (event.key === "Escape") {
      this.turn("label");
      this.root.focus({ preventScroll: true });
      return this.taken(event);
    }
    if (/^(INPUT|SELECT|TEXTAREA|AUDIO)$/.test(tag)) return;
    if (tag === "BUTTON" && (event.key === " " || event.key === "Enter")) return;
    if (event.key === "/") {
      if (this.view !== "explore") this.turn("explore");
      this.search.focus();
      return this.taken(event);
    }
    if (this.view !== "label" || !this.state) return;
    const act = this.act(event.key);
    if (!act) return;
    act();
    this.taken(event);
  }

  act(key) {
    if (!this.state.numeric && /^[1-9]$/.test(key)) {
      const one = this.state.classes[Number(key) - 1];
      return () => (one ? this.choose(one.name) : this.say(`there is no class ${key}`));
    }
    return {
      0: this.state.numeric ? null : () => this.choose(null),
      " ": () => this.skip(),
      u: () => this.undo(),
      Backspace: () => this.undo(),
      ArrowLeft: () => this.move(-1),
      ArrowRight: () => this.move(1),
      n: this.state.numeric ? null : () => this.newField.focus(),
      p: this.sound ? () => (this.sound.paused ? this.sound.play().catch(() => {}) : this.sound.pause()) : null,
    }[key];
  }

  taken(event) {
    event.preventDefault();
    event.stopPropagation();
  }

  close() {
    clearTimeout(this.timer);
    this.model.off("msg:custom", this.listen);
    this.model.off("comm_live_update", this.left);
    this.pause();
    this.free("item");
    this.free("list");
  }
}

export default {
  render({ model, el }) {
    const labeller = new Labeller(model, el);
    return () => labeller.close();
  },
};
