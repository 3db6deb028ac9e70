// Search, filters and links. The page can be read without it. State is in the address: #place?stance=...&kind=...
"use strict";
(() => {
  const form = document.getElementById("filter");
  const output = form.querySelector("output");
  const noMatch = document.getElementById("no-match");
  const provisions = [...document.querySelectorAll(".provision")];
  const findings = [...document.querySelectorAll("#provisions .finding")];
  const texts = new Map(); // of findings, folded, made at the first search

  const fold = (text) => text.normalize("NFC").toLowerCase().replace(/\u00ad/g, "").replace(/\s+/g, " ").trim();
  const textOf = (finding) => {
    if (!texts.has(finding)) texts.set(finding, fold(finding.textContent));
    return texts.get(finding);
  };

  function wanted() {
    const data = new FormData(form);
    const one = (name) => String(data.get(name) || "");
    return {
      stance: data.getAll("stance").map(String),
      provision: one("provision"), kind: one("kind"), min: one("min"), review: one("review"), q: one("q").trim(),
    };
  }

  const isSet = (w) => Boolean(w.stance.length || w.provision || w.kind || w.min || w.review || w.q);

  function matches(finding, w, words) {
    const d = finding.dataset;
    return (!w.stance.length || w.stance.includes(d.stance)) &&
      (!w.provision || d.provision === w.provision) &&
      (!w.kind || d.kind === w.kind) &&
      (!w.min || Number(d.percent) >= Number(w.min)) &&
      (!w.review || "review" in d) &&
      words.every((word) => textOf(finding).includes(word));
  }

  function apply() {
    const w = wanted();
    const filtering = isSet(w);
    const words = fold(w.q).split(" ").filter(Boolean);
    let shown = 0;
    for (const finding of findings) {
      const fits = !filtering || matches(finding, w, words);
      finding.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    for (const provision of provisions) {
      let any = false;
      for (const group of provision.querySelectorAll("[data-group]")) {
        const fits = group.querySelector(".finding:not([hidden])") !== null;
        group.hidden = !fits;
        any = any || fits;
        const rest = group.querySelector("details.rest");
        if (rest) {
          const inRest = rest.querySelector(".finding:not([hidden])") !== null;
          rest.hidden = !inRest;
          rest.open = filtering && inRest;
          rest.classList.toggle("filtered", filtering); // its summary counts what is not filtered
        }
      }
      provision.hidden = filtering && !any;
    }
    noMatch.hidden = shown > 0 || findings.length === 0;
    output.textContent = output.dataset.shown.replace("{shown}", shown).replace("{all}", findings.length);
  }

  function remember() {
    const w = wanted();
    const query = new URLSearchParams();
    if (w.stance.length) query.set("stance", w.stance.join(","));
    for (const name of ["provision", "kind", "min", "review", "q"]) if (w[name]) query.set(name, w[name]);
    const place = location.hash.slice(1).split("?")[0];
    const hash = query.size ? `${place}?${query}` : place;
    history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
  }

  function recall(query) {
    const values = new URLSearchParams(query);
    const stances = (values.get("stance") || "").split(",");
    for (const box of form.querySelectorAll("[name=stance]")) box.checked = stances.includes(box.value);
    for (const name of ["provision", "kind", "min", "q"]) form.elements[name].value = values.get(name) || "";
    form.elements.review.checked = values.has("review");
  }

  const decoded = (text) => {
    try { return decodeURIComponent(text); } catch { return text; }
  };

  let marked = null;
  function follow() {
    const [place, query] = location.hash.slice(1).split("?", 2);
    if (query !== undefined) { recall(query); apply(); }
    if (marked) marked.classList.remove("target");
    const target = place ? document.getElementById(decoded(place)) : null;
    if (!target) return;
    if (target.closest("[hidden]")) { form.reset(); apply(); } // a link leads there, whatever is filtered
    for (let at = target; at; at = at.parentElement) if (at instanceof HTMLDetailsElement) at.open = true;
    target.classList.add("target");
    marked = target;
    const focusable = target.hasAttribute("tabindex");
    // What comes into view for the first time gets its real height only then, and moves what is below it.
    let frames = 0;
    const settle = () => {
      target.scrollIntoView();
      const top = target.getBoundingClientRect().top;
      requestAnimationFrame(() => {
        frames += 1;
        if (frames < 3 || (frames < 20 && Math.abs(target.getBoundingClientRect().top - top) > 1)) settle();
        else if (focusable) target.focus({ preventScroll: true });
      });
    };
    settle();
  }

  let waiting = 0;
  const changed = () => { apply(); remember(); };
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", changed);
  form.addEventListener("input", (event) => {
    if (event.target.name !== "q") return;
    clearTimeout(waiting);
    waiting = setTimeout(changed, 150); // milliseconds without a key
  });
  form.addEventListener("reset", () => setTimeout(changed)); // the fields are empty only afterwards
  addEventListener("hashchange", follow);
  // A link to where the address already points changes nothing, but must still lead there.
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (link && decoded(link.hash) === decoded(location.hash)) follow();
  });

  // On paper nothing can be unfolded.
  let unfolded = [];
  addEventListener("beforeprint", () => {
    unfolded = [...document.querySelectorAll("details:not([open])")];
    for (const details of unfolded) details.open = true;
  });
  addEventListener("afterprint", () => { for (const details of unfolded) details.open = false; });
  follow();
})();
