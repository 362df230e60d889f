// The pages work without this script. With it they change in place: switches
// and saves replace the parts that the server drew anew, and the mail keeps
// its scroll position.
"use strict";

const root = document.documentElement;
root.classList.add("js");

let turn = 0; // an answer that was overtaken is dropped

// The address says what is wanted, before the answer has come: a save that
// comes in between asks for the same.
async function show(url) {
  const mine = ++turn;
  if (url !== location.href) history.pushState(null, "", url);
  let next;
  try {
    const response = await fetch(url);
    next = new DOMParser().parseFromString(await response.text(), "text/html");
    if (!response.ok) next = null;
  } catch {
    return; // the stream of events says that the server is gone
  }
  if (mine !== turn) return;
  if (!next || next.body.className !== document.body.className) return location.assign(url);
  root.dataset.version = next.documentElement.dataset.version;
  document.title = next.title;
  const focused = document.activeElement?.id;
  for (const part of document.querySelectorAll("[data-part]")) {
    const other = next.querySelector(`[data-part="${part.dataset.part}"]`);
    if (!other) part.replaceChildren();
    else if (part.dataset.part === "stage") stage(part, other);
    else if (part.innerHTML !== other.innerHTML) part.innerHTML = other.innerHTML;
  }
  if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus();
}

// stage puts what the server drew anew in the place of what is shown.
function stage(part, other) {
  const old = part.querySelector("iframe:not(.coming)");
  const wanted = other.querySelector("iframe");
  if (!old || !wanted) {
    const top = part.firstElementChild?.scrollTop;
    part.innerHTML = other.innerHTML;
    if (part.firstElementChild) part.firstElementChild.scrollTop = top;
    return enter(part.querySelector("iframe"));
  }
  const newest = part.querySelector(".coming") ?? old;
  if (newest.getAttribute("src") !== wanted.getAttribute("src") || newest.dataset.version !== root.dataset.version) return replace(old, wanted);
  newest.className = wanted.className + (newest.classList.contains("coming") ? " coming" : "");
  darken(newest);
}

// replace draws a mail behind another, scrolled to the same place, and only
// then shows it, and does what is to be done next.
function replace(old, wanted, next) {
  const frame = document.importNode(wanted);
  frame.dataset.version = root.dataset.version;
  frame.classList.add("coming");
  old.parentElement.querySelector(".coming")?.remove();
  old.after(frame);
  const ready = () => {
    if (!frame.isConnected || !frame.classList.contains("coming")) return;
    const page = frame.contentDocument;
    if (!page || page.URL === "about:blank") return requestAnimationFrame(ready);
    if (page.readyState === "loading") return page.addEventListener("DOMContentLoaded", ready, { once: true });
    if (old.dataset.mail === frame.dataset.mail) frame.contentWindow.scrollTo(0, old.contentWindow.scrollY);
    const held = document.activeElement === old;
    old.remove();
    frame.classList.remove("coming");
    if (held) frame.focus();
    enter(frame);
    next?.();
  };
  frame.addEventListener("load", ready);
  requestAnimationFrame(ready);
}

// enter listens inside a mail, which runs no script of its own: its links open
// in a tab of theirs, and the keys work there too.
function enter(frame) {
  if (!frame) return;
  const listen = () => {
    const page = frame.contentDocument;
    if (!page || page.URL === "about:blank" || page.heard) return;
    page.heard = true;
    darken(frame);
    page.addEventListener("keydown", press);
    page.addEventListener("click", (event) => {
      const link = event.target.closest?.("a[href]");
      if (!link) return;
      event.preventDefault();
      window.open(link.href, "_blank", "noopener");
    });
  };
  frame.addEventListener("load", listen);
  listen();
}

// darken makes sure that dark is dark. A frame takes the theme that its style
// names, but not in every browser; there the server imposes the dark rules on
// a copy, and the page says so.
function darken(frame) {
  const copy = frame.getAttribute("src").includes("copy=dark");
  document.getElementById("derived").hidden = !copy;
  requestAnimationFrame(() => {
    if (copy || !frame.classList.contains("theme-dark") || frame.contentWindow?.matchMedia("(prefers-color-scheme: dark)").matches) return;
    frame.src = frame.getAttribute("src") + (frame.getAttribute("src").includes("?") ? "&" : "?") + "copy=dark";
  });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-switch]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  show(link.href);
});

document.addEventListener("submit", (event) => {
  event.preventDefault();
  show(new URL("/?" + new URLSearchParams(new FormData(event.target)), location.href).href);
});

addEventListener("popstate", () => show(location.href));

// Shortcuts of one letter can be turned off: WCAG 2.2, 2.1.4.
const shortcuts = document.getElementById("shortcuts");
if (shortcuts) {
  shortcuts.checked = localStorage.getItem("shortcuts") !== "off";
  shortcuts.addEventListener("change", () => localStorage.setItem("shortcuts", shortcuts.checked ? "on" : "off"));
}

function press(event) {
  if (!shortcuts?.checked || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, select, textarea")) return;
  const key = event.key;
  const help = document.getElementById("help");
  if (key === "?") help.open = !help.open;
  else if (key === "Escape") help.open = false;
  else if (key === "j" || key === "k") step(document.querySelectorAll("[data-step]"), key === "j" ? 1 : -1);
  else if (/^[a-z]$/.test(key)) step(document.querySelectorAll(`[data-key="${key}"]`), 1);
  else return;
  event.preventDefault();
}
document.addEventListener("keydown", press);

// step goes from the current choice to one beside it, around the ends.
function step(links, by) {
  const shown = [...links].filter((link) => link.checkVisibility());
  if (!shown.length) return;
  const at = shown.findIndex((link) => link.hasAttribute("aria-current"));
  shown[at < 0 ? (by > 0 ? 0 : shown.length - 1) : (at + by + shown.length) % shown.length].click();
}

// One connection for each page that is seen: browsers allow six in all.
let events;
function listen() {
  events?.close();
  if (document.hidden) return;
  events = new EventSource("/events");
  events.addEventListener("open", () => status(true));
  events.addEventListener("error", () => status(false));
  events.addEventListener("version", (event) => {
    if (event.data === root.dataset.version) return;
    root.dataset.version = event.data;
    turn++; // what is on its way is old
    const frame = document.querySelector("iframe:not(.coming)");
    const rest = () => show(location.href);
    // The findings take longer than the mail, and must not keep it from being painted.
    if (frame) replace(frame, frame, () => requestAnimationFrame(() => setTimeout(rest)));
    else rest();
  });
}

function status(live) {
  const line = document.getElementById("status");
  if (!line) return;
  line.classList.toggle("lost", !live);
  const words = live ? line.dataset.live : line.dataset.lost;
  if (line.textContent !== words) line.textContent = words;
}

document.addEventListener("visibilitychange", listen);
addEventListener("pagehide", () => events?.close());
addEventListener("pageshow", (event) => event.persisted && listen());
const first = document.getElementById("frame");
if (first) first.dataset.version = root.dataset.version;
enter(first);
listen();
