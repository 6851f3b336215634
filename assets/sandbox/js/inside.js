// What is going on inside: the bot, the time, what runs, what waits, how late, and trouble to make.
import { get, post } from "./api.js";
import { format, left, now, zone } from "./clock.js";
import { $, avatar, h, icon } from "./dom.js";
import { emit, on, state } from "./state.js";
import { refusal, t } from "./text.js";

const TURNS = [
  [60_000, "min", 1],
  [600_000, "min", 10],
  [3_600_000, "h", 1],
  [28_800_000, "h", 8],
  [86_400_000, "d", 1],
];
const KILLED_MS = 5_000,
  OUTAGE_MS = 10_000;
/** A bar is full at this lateness: later is late enough to be red. */
const FULL_MS = 100,
  LATE_MS = 1_000;

let isThere = true;

export function startInside() {
  build();
  on("language", () => {
    build();
    update();
  });
  on("insight connected world place", update);
  setInterval(count, 200);
  poll();
}

async function poll() {
  let seen = null;
  for (;;) {
    const answer = await get(`/local/insight${seen === null ? "" : `?wait=${seen}`}`);
    if (answer.status === 404) {
      isThere = false;
      update();
      return;
    }
    if (answer.status === 200) {
      seen = answer.seen;
      state.insight = answer;
      emit("clock", answer.now_ms);
      emit("insight");
    } else {
      seen = null;
      await new Promise((wait) => setTimeout(wait, 1000));
    }
  }
}

const part = (name, ...children) =>
  h(
    "section",
    { class: `part ${name}`, "aria-labelledby": `part-${name}` },
    h("h3", { id: `part-${name}` }, t(`part-${name}`)),
    children,
  );

function build() {
  const turn = ([ms, unit, amount]) => {
    const span = t(`span-${unit}`, { count: amount });
    return h(
      "button",
      {
        type: "button",
        class: "small-button",
        "aria-label": t("forward", { span }),
        onclick: () => forward(ms),
      },
      `+${span}`,
    );
  };
  $("inside").replaceChildren(
    h(
      "header",
      {},
      h("h2", {}, t("show-inside")),
      h(
        "button",
        {
          type: "button",
          class: "icon close",
          "aria-label": t("hide-inside"),
          onclick: () => emit("inside"),
        },
        icon("close"),
      ),
    ),
    part(
      "bot",
      h(
        "div",
        { class: "state" },
        h("span", { class: "dot" }),
        h("b", { class: "word" }),
        h("span", { class: "gateway" }),
      ),
      h(
        "div",
        { class: "wide" },
        h(
          "button",
          { type: "button", class: "small-button danger kill", title: t("kill-hint"), onclick: kill },
          t("kill"),
        ),
      ),
      h("p", { class: "hint" }, t("kill-hint")),
    ),
    part(
      "time",
      h("p", { class: "clock" }, h("time"), h("small")),
      h("div", { class: "turns", role: "group", "aria-label": t("time-hint") }, TURNS.map(turn)),
    ),
    part("running", h("ol", { class: "attacks" })),
    part("late", h("div", { class: "bars", role: "img" }), h("p", { class: "hint" })),
    part("outbox", h("ul", { class: "lanes" })),
    part(
      "sample",
      h(
        "div",
        { class: "wide" },
        h("button", { type: "button", class: "small-button fill", onclick: fill }, t("fill")),
      ),
      h("p", { class: "hint", role: "status" }, t("fill-hint")),
    ),
    part(
      "faults",
      h(
        "div",
        { class: "wide" },
        h(
          "button",
          { type: "button", class: "small-button outage", onclick: () => fault({ outage_ms: OUTAGE_MS }) },
          t("outage"),
        ),
        h(
          "button",
          { type: "button", class: "small-button drop", onclick: () => fault({ drop_gateway: true }) },
          t("drop-gateway"),
        ),
        h("button", { type: "button", class: "small-button invite", onclick: invite }, t("invite")),
      ),
      h(
        "label",
        { class: "switch" },
        h("input", {
          type: "checkbox",
          role: "switch",
          class: "limits",
          onchange: (event) => fault({ rate_limits: event.target.checked }),
        }),
        h("span", {}, t("rate-limits")),
      ),
    ),
    h("p", { class: "wrong", role: "alert", id: "inside-wrong" }),
  );
}

const find = (selector) => $("inside").querySelector(selector);

/** Changes a text only if it is another one, so that nothing is read out twice. */
function say(node, text) {
  if (node && node.textContent !== text) node.textContent = text;
}

export const isDown = () => (state.insight ? state.insight.bot.state === "down" : !state.connected);

function update() {
  const { insight } = state;
  const isUp = !isDown();
  for (const name of ["running", "late", "outbox", "sample", "faults"]) find(`.part.${name}`).hidden = !insight;
  find(".kill").parentElement.hidden = find(".part.bot .hint").hidden = !insight;
  find(".kill").disabled = !isUp;
  find(".dot").className = `dot ${isUp ? (state.connected ? "up" : "half") : "down"}`;
  say(find(".part.bot .word"), t(isUp ? "bot-up" : "bot-down"));
  const isWired = insight ? insight.gateway : state.connected;
  if (!isThere) say($("inside-wrong"), t("not-there"));
  if (insight) {
    running(insight.running);
    late(insight.verdicts);
    outbox(insight.lanes);
    find(".limits").checked = insight.faults.rate_limits;
  }
  find(".gateway").dataset.on = isWired;
  count();
}

/** What changes by itself, five times a second. */
function count() {
  const { insight } = state,
    at = now();
  say(
    find(".clock time"),
    format(
      {
        weekday: "short",
        month: "short",
        day: "numeric",
        hour: "2-digit",
        minute: "2-digit",
        second: "2-digit",
      },
      at,
      zone(),
    ),
  );
  say(find(".clock small"), t("in-zone", { zone: zone() }));
  const isWired = find(".gateway").dataset.on === "true",
    back = insight?.bot.back_at_ms;
  const rest = back ? Math.max(0, Math.ceil((back - at) / 1000)) : 0;
  say(
    find(".gateway"),
    isDown() && back ? t("bot-back", { left: rest }) : t(isWired ? "gateway-on" : "gateway-off"),
  );
  down(back, rest);
  for (const node of document.querySelectorAll("[data-deadline]")) {
    const { deadline, started } = node.dataset;
    say(node.querySelector(".left"), left(Number(deadline)));
    const done = Math.min(1, Math.max(0, (at - started) / (deadline - started)));
    node.querySelector(".bar").style.setProperty("--done", done.toFixed(3));
    node.classList.toggle("soon", deadline - at < 10_000);
  }
  const until = insight?.faults.outage_until_ms,
    button = find(".outage");
  const isOut = until && until > at;
  button.disabled = Boolean(isOut);
  say(button, isOut ? t("outage-on", { left: Math.ceil((until - at) / 1000) }) : t("outage"));
}

/** Said once: the seconds that go by are for the eyes alone. */
function down(back, rest) {
  const line = $("down");
  line.hidden = !isDown() || state.world.commands.length === 0;
  if (line.hidden) return;
  if (!line.firstChild) line.append(h("span"), " ", h("span", { "aria-hidden": "true" }));
  say(line.firstElementChild, t(back ? "down" : "down-for-good"));
  say(line.lastElementChild, back ? t("down-back", { left: rest }) : "");
}

function running({ count: total, next }) {
  const list = find(".attacks");
  if (next.length === 0) {
    list.replaceChildren(h("li", { class: "hint" }, t("none-running")));
    return;
  }
  const key = JSON.stringify([next, total, t("none-running")]);
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  list.replaceChildren(
    ...next.map((one) =>
      h(
        "li",
        { dataset: { deadline: one.deadline_ms, started: one.started_ms } },
        avatar(one.member_name, one.user, "tiny"),
        h("span", { class: "task", title: `${one.member_name}: ${one.task}` }, one.task),
        h("b", { class: "left" }),
        h("span", { class: "bar" }),
      ),
    ),
    total > next.length ? h("li", { class: "hint" }, t("and-more", { count: total - next.length })) : "",
  );
}

function late(verdicts) {
  const bars = find(".bars"),
    hint = find(".part.late .hint");
  bars.hidden = verdicts.length === 0;
  if (verdicts.length === 0) {
    say(hint, t("none-late"));
    return;
  }
  const worst = Math.max(...verdicts.map((one) => one.late_ms)),
    last = verdicts.at(-1).late_ms;
  const words = (ms) => (ms < 10_000 ? t("late-last", { ms }) : t("late-s", { s: Math.round(ms / 1000) }));
  bars.setAttribute("aria-label", verdicts.map((one) => words(one.late_ms)).join(", "));
  bars.replaceChildren(
    ...verdicts.map((one) => {
      const bar = h("span", { class: one.late_ms >= LATE_MS ? "late" : "", title: words(one.late_ms) });
      // By the logarithm: a millisecond and a minute stand beside each other.
      const full = Math.min(1, Math.log10(1 + Math.max(0, one.late_ms)) / Math.log10(1 + FULL_MS * 600));
      bar.style.setProperty("--height", Math.max(0.06, full).toFixed(3));
      return bar;
    }),
  );
  say(
    hint,
    `${words(last)}${verdicts.length > 1 ? ` · ${t("late-worst", { count: verdicts.length, ms: worst })}` : ""}`,
  );
}

function outbox(lanes) {
  const busy = lanes.filter((lane) => lane.waiting || lane.under_way);
  const rows = busy.map((lane) =>
    h(
      "li",
      {},
      h("span", {}, t(`lane-${lane.lane}`)),
      h(
        "b",
        {},
        [
          lane.under_way && t("under-way", { count: lane.under_way }),
          lane.waiting && t("waiting", { count: lane.waiting }),
        ]
          .filter(Boolean)
          .join(" · "),
      ),
    ),
  );
  find(".lanes").replaceChildren(...(rows.length ? rows : [h("li", { class: "hint" }, t("outbox-empty"))]));
}

async function report(answering) {
  const answer = await answering;
  say($("inside-wrong"), answer.refused ? refusal(answer.refused) : "");
  return answer;
}

/** The clock stops at whatever is due on its way, so a turn may take a moment. */
export async function forward(ms) {
  const turns = find(".turns");
  turns.ariaBusy = "true";
  const answer = await report(post("/local/clock", { advance_ms: ms }));
  turns.ariaBusy = "false";
  if (answer.now_ms) emit("clock", answer.now_ms);
  count();
  return answer;
}

export async function kill(_event, ms = KILLED_MS) {
  const answer = await report(post("/local/bot", { down_ms: ms }));
  if (!answer.refused && state.insight) {
    state.insight.bot = answer;
    emit("insight");
  }
  return answer;
}

/** The server that one looks at, or else the first. */
const here = () => state.world.guilds.find((one) => one.id === state.guild) ?? state.world.guilds[0];

/** As if the bot came to the server for the first time: it greets it, once. */
const invite = () => report(post("/local/invite", { guild: here().id }));

/** Half a year of history and a campaign. */
async function fill() {
  const button = find(".fill"),
    hint = find(".part.sample .hint");
  button.disabled = true;
  say(hint, t("filling"));
  const answer = await report(post("/local/fill", { guild: here().id }));
  button.disabled = false;
  const word = answer.refused ? "fill-hint" : answer.attacks || answer.is_mailed ? "filled" : "filled-before";
  say(hint, t(word, { count: answer.attacks ?? 0 }));
}

const fault = (what) => report(post("/local/faults", what));
