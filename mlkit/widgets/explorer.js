// The rows of a table: page, sort, filter. All text goes in by textContent; nothing
// from the data is ever read as HTML.

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
  node.append(...children);
  return node;
}

class Explorer {
  constructor(model, el) {
    this.model = model;
    this.build();
    el.append(this.root);
    this.gone = false;
    this.left = () => this.lose();
    model.on("comm_live_update", this.left);
    this.listen = { view: () => this.show(), image: () => this.draw() };
    for (const [name, act] of Object.entries(this.listen)) model.on(`change:${name}`, act);
    this.show();
    this.draw();
  }

  ask(changes) {
    if (!this.hears()) return this.lose();
    this.model.set("query", { ...this.model.get("query"), ...changes });
    this.model.save_changes();
  }

  // Return whether there is a kernel that takes what is asked.
  hears() {
    try {
      if (!this.gone) this.model.send({});
    } catch {
      this.gone = true;
    }
    return !this.gone;
  }

  lose() {
    this.gone = true;
    this.status.textContent = GONE;
    this.status.classList.add("mlx-bad");
  }

  build() {
    const columns = this.model.get("columns");
    const { column, text } = this.model.get("query");
    this.search = make("input", {
      type: "search",
      placeholder: "filter: a word, or > 3",
      "aria-label": "filter rows",
      oninput: () => this.later(),
    });
    this.search.value = text;
    this.column = make(
      "select",
      { "aria-label": "column to filter and draw", onchange: () => this.ask({ column: Number(this.column.value), page: 0 }) },
      make("option", { value: -1 }, "in every column"),
      ...columns.map((one, place) => make("option", { value: place }, one.name)),
    );
    this.column.value = String(column);
    this.back = make("button", { type: "button", "aria-label": "the page before", onclick: () => this.turn(-1) }, "←");
    this.next = make("button", { type: "button", "aria-label": "the next page", onclick: () => this.turn(1) }, "→");
    this.status = make("span", { role: "status", "aria-live": "polite" });
    this.heads = columns.map((one, place) => {
      const button = make("button", { type: "button", title: `sort by ${one.name}`, onclick: () => this.sort(place) }, one.name);
      return make("th", { scope: "col", class: one.type === "number" ? "mlx-number" : null }, button);
    });
    const more = this.model.get("more");
    this.body = make("tbody");
    const table = make("table", {}, make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "row"), ...this.heads)), this.body);
    this.image = make("img", { alt: "how the column falls" });
    this.root = make(
      "section",
      { class: "mlkit-explorer", "aria-label": "rows of the table", onkeydown: (event) => this.key(event) },
      make("div", { class: "mlx-head" }, this.search, this.column, this.back, this.next, this.status),
      make("div", { class: "mlx-rows", tabindex: 0, role: "group", "aria-label": "rows" }, table),
      make("p", { class: "mlx-quiet" }, more ? `${more} more columns are not shown` : ""),
      this.image,
    );
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask({ text: this.search.value, page: 0 }), 200);
  }

  turn(step) {
    const { page, pages } = this.model.get("view");
    const wanted = page + step;
    if (wanted >= 0 && wanted < pages) this.ask({ page: wanted });
  }

  sort(place) {
    const { sort, down } = this.model.get("query");
    if (sort !== place) this.ask({ sort: place, down: false, page: 0 });
    else if (!down) this.ask({ down: true, page: 0 });
    else this.ask({ sort: -1, down: false, page: 0 });
  }

  key(event) {
    if (/^(INPUT|SELECT)$/.test(event.target.tagName)) return;
    const step = { PageDown: 1, PageUp: -1 }[event.key];
    if (!step) return;
    this.turn(step);
    event.preventDefault();
    event.stopPropagation();
  }

  show() {
    const view = this.model.get("view");
    const { sort, down } = this.model.get("query");
    this.heads.forEach((head, place) =>
      head.setAttribute("aria-sort", place !== sort ? "none" : down ? "descending" : "ascending"),
    );
    this.body.replaceChildren(
      ...view.rows.map(([row, ...cells]) =>
        make(
          "tr",
          {},
          make("th", { scope: "row" }, row),
          ...cells.map((cell, place) => {
            const look = `${this.heads[place].className} ${cell === null ? "mlx-gone" : ""}`.trim();
            return make("td", { class: look || null, title: cell }, cell === null ? "–" : cell);
          }),
        ),
      ),
    );
    const rows = `${view.total.toLocaleString("en")} row${view.total === 1 ? "" : "s"}`;
    this.status.textContent = `${rows} · page ${(view.page + 1).toLocaleString("en")} of ${view.pages.toLocaleString("en")}`;
    this.back.disabled = view.page <= 0;
    this.next.disabled = view.page >= view.pages - 1;
  }

  draw() {
    const bytes = this.model.get("image");
    this.free();
    this.image.hidden = !bytes || !bytes.byteLength;
    if (this.image.hidden) return;
    this.url = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
    this.image.src = this.url;
  }

  free() {
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = null;
  }

  close() {
    clearTimeout(this.timer);
    this.model.off("comm_live_update", this.left);
    for (const [name, act] of Object.entries(this.listen)) this.model.off(`change:${name}`, act);
    this.free();
  }
}

export default {
  render({ model, el }) {
    const explorer = new Explorer(model, el);
    return () => explorer.close();
  },
};
