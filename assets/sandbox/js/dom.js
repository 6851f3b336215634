// Elements are made here and nowhere else, and text becomes text nodes: no HTML is ever parsed.

/** h("button", { class: "icon", onclick: go, "aria-label": "Go" }, child, "text", …) */
export function h(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

const SVG = "http://www.w3.org/2000/svg";

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(
    ...children.flat().filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

export const $ = (id) => document.getElementById(id);

const ICONS = {
  send: "M3 11.2 20 4l-4.8 16-3.6-6.6z",
  menu: "M4 6h16M4 12h16M4 18h16",
  close: "M6 6l12 12M18 6 6 18",
  dots: "M5 12h.01M12 12h.01M19 12h.01",
  moon: "M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5z",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2",
  pulse: "M3 12h4l3-8 4 16 3-8h4",
  chat: "M4 5h16v11H9l-5 4z",
  mail: "M3 6h18v12H3zM3 7l9 7 9-7",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  play: "M7 4l13 8-13 8z",
  stop: "M6 6h12v12H6z",
  plus: "M12 5v14M5 12h14",
  bell: "M4 4l16 16M6 9a6 6 0 0 1 9-5M18 11v4l2 2H8M10 20h4",
  eye: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
  reply: "M4 18v-5a5 5 0 0 1 5-5h11M16 4l4 4-4 4",
  out: "M9 5H5v14h14v-4M13 4h7v7M20 4l-9 9",
};

/** A line drawing, hidden from screen readers: what it means stands beside it. */
export function icon(name) {
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  const svg = document.createElementNS(SVG, "svg");
  return fill(svg, { viewBox: "0 0 24 24", class: `i i-${name}`, "aria-hidden": "true" }, [path]);
}

/** A person's or a server's picture: the initial on a colour that follows from the id. */
export function avatar(name, id, kind = "") {
  const tone = Number(BigInt(id || 0) % 7919n) % 8;
  const initial = kind === "server" ? initials(name) : [...(name || "?")][0].toUpperCase();
  // By the style sheet, not as text: it is no part of anything's name.
  return h("span", { class: `avatar tone-${tone} ${kind}`, "aria-hidden": "true", dataset: { initial } });
}

function initials(name) {
  const words = name.trim().split(/\s+/);
  return words
    .slice(0, 2)
    .map((word) => [...word][0])
    .join("");
}

/** Scrolls without a glide for those who asked for less motion. */
export const isStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
