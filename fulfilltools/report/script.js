(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  root.classList.add("js");

  const dark = matchMedia("(prefers-color-scheme: dark)");
  document.getElementById("theme").addEventListener("click", () => {
    const now = root.dataset.theme || (dark.matches ? "dark" : "light");
    root.dataset.theme = now === "dark" ? "light" : "dark";
  });

  const asOf = new Date(document.getElementById("as-of").dateTime);
  const days = Math.floor((Date.now() - asOf) / 864e5);
  const stale = document.getElementById("stale");
  if (stale && days >= 2) {
    stale.textContent = stale.dataset.text.replace("{}", days);
    stale.hidden = false;
  }

  const onPaper = all("details:not(.quiet-orders)");
  addEventListener("beforeprint", () => onPaper.forEach((part) => {
    part.dataset.was = part.open;
    part.open = true;
  }));
  addEventListener("afterprint", () => onPaper.forEach((part) => {
    part.open = part.dataset.was === "true";
  }));

  const compare = (one, other) => {
    const [a, b] = [Number(one), Number(other)];
    return one !== "" && other !== "" && !isNaN(a) && !isNaN(b)
      ? a - b : one.localeCompare(other, undefined, { numeric: true });
  };
  const sortable = (table) => all("thead th", table).forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      all("thead th", table).forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = all("tbody tr", table);
      rows.sort((a, b) => (down ? -1 : 1)
        * compare(a.cells[column].dataset.sort, b.cells[column].dataset.sort));
      table.tBodies[0].append(...rows);
    });
  });
  all("table.orders").forEach(sortable);

  const list = document.getElementById("order-list");
  if (!list) return;
  const search = document.getElementById("search");
  const shown = document.getElementById("shown");
  const filters = all("select[data-filter]");
  const rows = all("tbody tr", list);
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/);
    let count = 0;
    rows.forEach((row) => {
      const text = row.textContent.toLowerCase();
      row.hidden = !(words.every((word) => text.includes(word))
        && filters.every((one) => !one.value || row.dataset[one.dataset.filter] === one.value));
      count += !row.hidden;
    });
    shown.textContent = shown.dataset.text.replace("{}", count).replace("{}", rows.length);
  };
  search.addEventListener("input", filter);
  search.form.addEventListener("submit", (event) => event.preventDefault());
  filters.forEach((one) => one.addEventListener("change", filter));
  all("a[data-show]").forEach((link) => link.addEventListener("click", () => {
    search.value = "";
    filters.forEach((one) => {
      one.value = one.dataset.filter === "cause" ? link.dataset.show : "";
    });
    filter();
  }));
  filter();
})();
