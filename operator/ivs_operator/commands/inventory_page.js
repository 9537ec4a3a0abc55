"use strict";
(() => {
  const body = document.querySelector("tbody");
  const rows = Array.from(body.rows);
  const headings = Array.from(document.querySelectorAll("th"));
  const columns = headings.map((heading) => heading.dataset.column);
  const search = document.getElementById("search");
  const facets = Array.from(document.querySelectorAll("select[data-column]"));
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const key = (row, index) => row.cells[index].dataset.key;

  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = facets
      .filter((facet) => facet.value !== "*")
      .map((facet) => [columns.indexOf(facet.dataset.column), facet.value]);
    let shown = 0;
    rows.forEach((row, number) => {
      const fits = words.every((word) => texts[number].includes(word))
        && chosen.every(([index, value]) => key(row, index) === value);
      row.hidden = !fits;
      shown += fits ? 1 : 0;
    });
    document.getElementById("count").textContent = `${shown} of ${rows.length} shown`;
    document.getElementById("none").hidden = shown > 0;
  };

  // Numbers by value, everything else as text; what is not there comes last in both directions.
  const compare = (left, right) => {
    const numbers = [Number(left), Number(right)];
    return numbers.some(Number.isNaN) ? left.localeCompare(right, "en", { numeric: true }) : numbers[0] - numbers[1];
  };

  const sortBy = (index) => {
    const ascending = headings[index].getAttribute("aria-sort") !== "ascending";
    headings.forEach((heading) => heading.setAttribute("aria-sort", "none"));
    headings[index].setAttribute("aria-sort", ascending ? "ascending" : "descending");
    const empty = (row) => key(row, index) === "";
    const sorted = rows.slice().sort((left, right) => {
      if (empty(left) || empty(right)) {
        return Number(empty(left)) - Number(empty(right));
      }
      return compare(key(left, index), key(right, index)) * (ascending ? 1 : -1);
    });
    body.append(...sorted);
  };

  headings.forEach((heading, index) => heading.querySelector("button").addEventListener("click", () => sortBy(index)));
  search.addEventListener("input", apply);
  facets.forEach((facet) => facet.addEventListener("change", apply));
  document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
  apply(); // a browser may have kept what was typed before a reload
})();
