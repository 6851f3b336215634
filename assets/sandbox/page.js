"use strict";
// Everything a member wrote is put into the page as text nodes; no HTML is ever made of it.
const $ = (id) => document.getElementById(id);
let world = { guilds: [], people: [], commands: [], names: {} };
// The sandbox's clock can be turned: how many milliseconds it is ahead of this browser's.
let ahead = 0;
const now = () => Date.now() + ahead;

const element = (tag, className, text) => {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
};

const json = async (path, body) => (await fetch(path, body && { method: "POST", headers: { "content-type": "application/json" }, body })).json();

async function loadWorld() {
  world = await json("/local/world");
  setClock(world.now_ms);
  arrange();
}

const isDirect = () => world.people.some((one) => one.direct && one.direct === $("channel").value);
const guildHere = () => world.guilds.find((one) => one.channels.some((channel) => channel.id === $("channel").value));
const person = () => world.people.find((one) => one.id === $("user").value);

// Who can be chosen depends on the channel, and whose direct messages are listed on who is chosen.
function arrange() {
  const channel = $("channel"), user = $("user"), direct = isDirect();
  const present = direct ? world.people : (guildHere() ?? world.guilds[0])?.members ?? [], chosen = user.value;
  user.replaceChildren(...present.map((one) => new Option(`${one.name} (${one.locale})`, one.id)));
  if (present.some((one) => one.id === chosen)) user.value = chosen;
  const own = person()?.direct, here = direct ? own : channel.value;
  const groups = world.guilds.map((guild) => [guild.name, guild.channels.map((one) => ["#" + one.name, one.id])]);
  if (own) groups.push(["Direct messages", [["@" + world.names[world.bot], own]]]);
  channel.replaceChildren(...groups.map(([label, options]) => {
    const group = document.createElement("optgroup");
    group.label = label;
    group.append(...options.map(([name, value]) => new Option(name, value)));
    return group;
  }));
  if (here) channel.value = here;
  $("closed").checked = person()?.takes_dms === false;
  for (const part of $("composer").elements) part.disabled = isDirect();
  $("line").placeholder = isDirect() ? "Commands are for servers: choose a channel" : $("line").dataset.hint;
  $("choices").replaceChildren();
}

const seoul = new Intl.DateTimeFormat(undefined, { timeZone: "Asia/Seoul", weekday: "short", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });

function setClock(ms) {
  ahead = ms - Date.now();
  showTimes();
}

function showTimes() {
  document.querySelector("#clock time").textContent = seoul.format(now()) + " in Seoul";
  document.querySelectorAll("[data-at]").forEach(showTime);
}
setInterval(showTimes, 1000);

const styles = { t: { timeStyle: "short" }, T: { timeStyle: "medium" }, d: { dateStyle: "short" }, D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" }, F: { dateStyle: "full", timeStyle: "short" } };

function showTime(node) {
  const at = Number(node.dataset.at) * 1000, style = node.dataset.style || "f";
  if (style !== "R") { node.textContent = new Intl.DateTimeFormat(undefined, styles[style] ?? styles.f).format(at); return; }
  const seconds = Math.round((at - now()) / 1000), relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
  const [unit, size] = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]].find(([, s]) => Math.abs(seconds) >= s) ?? ["second", 1];
  node.textContent = relative.format(Math.trunc(seconds / size), unit);
}

// Discord's markdown, as far as the bot uses it: code, bold, timestamps, mentions, small lines.
function rich(text) {
  const all = document.createDocumentFragment();
  text.split(/```(?:\w*\n)?([\s\S]*?)```/).forEach((part, index) => {
    if (index % 2) { all.append(element("pre", "", part.replace(/\n$/, ""))); return; }
    part.split("\n").forEach((line, number, lines) => {
      const small = line.startsWith("-# ");
      const holder = small ? element("span", "small") : document.createDocumentFragment();
      holder.append(inline(small ? line.slice(3) : line));
      all.append(holder);
      if (number < lines.length - 1) all.append("\n");
    });
  });
  return all;
}

function inline(text) {
  const all = document.createDocumentFragment();
  const token = /\\([\\*_~`|><[\]()#\-:@])|<t:(-?\d+)(?::(\w))?>|<@!?(\d+)>|<@&(\d+)>|<#(\d+)>|\*\*([^*]+(?:\\\*[^*]*)*)\*\*|`([^`]+)`/g;
  let end = 0;
  for (const found of text.matchAll(token)) {
    all.append(text.slice(end, found.index));
    end = found.index + found[0].length;
    const [, escaped, at, style, user, role, channel, bold, code] = found;
    if (escaped) all.append(escaped);
    else if (at) { const node = element("time", "mention"); node.dataset.at = at; node.dataset.style = style ?? ""; showTime(node); all.append(node); }
    else if (user) all.append(element("span", "mention", "@" + (world.names[user] ?? user)));
    else if (role) all.append(element("span", "mention", "@" + (world.guilds.flatMap((g) => g.roles).find((r) => r.id === role)?.name ?? role)));
    else if (channel) all.append(element("span", "mention", "#" + (world.guilds.flatMap((g) => g.channels).find((c) => c.id === channel)?.name ?? channel)));
    else if (bold) { const strong = element("b"); strong.append(inline(bold)); all.append(strong); }
    else all.append(element("code", "", code));
  }
  all.append(text.slice(end));
  return all;
}

function show(message) {
  const article = element("article", message.flags & 64 ? "ephemeral" : "");
  article.append(element("b", "author", world.names[message.author.id] ?? message.author.username));
  article.append(element("time", "", new Date(message.timestamp).toLocaleTimeString() + (message.flags & 4096 ? " 🔕" : "") + (message.flags & 64 ? " · only you see this" : "")));
  const body = element("div", "body");
  body.append(rich(message.content));
  article.append(body);
  for (const embed of message.embeds) {
    const box = element("div", "embed body");
    if (embed.title) { const title = element("b"); title.append(inline(embed.title)); box.append(title, "\n"); }
    if (embed.description) box.append(rich(embed.description));
    for (const field of embed.fields ?? []) { const name = element("b", "", field.name); box.append("\n", name, "\n", rich(field.value)); }
    if (embed.image) { const image = new Image(); image.src = embed.image.url; image.alt = ""; box.append(image); }
    if (embed.footer) box.append("\n", element("span", "small", embed.footer.text));
    article.append(box);
  }
  for (const file of message.attachments) {
    const link = element("a", "", `📎 ${file.filename} (${file.size} bytes)`);
    link.href = file.url;
    link.target = "_blank";
    const line = element("div", "row");
    line.append(link);
    article.append(line);
  }
  for (const row of message.components) {
    const line = element("div", "row");
    for (const part of row.components ?? []) {
      if (part.type === 2) {
        const button = element("button", "s" + part.style, (part.emoji?.name ? part.emoji.name + " " : "") + (part.label ?? ""));
        // A link leads to Discord itself, where none of this is.
        button.disabled = part.disabled === true || part.style === 5;
        button.onclick = () => act({ do: "click", message: Number.NaN, custom_id: part.custom_id }, message.id);
        line.append(button);
      } else if (part.type === 3) {
        const menu = document.createElement("select");
        menu.append(new Option(part.placeholder ?? "…", ""), ...part.options.map((one) => new Option(one.label, one.value)));
        menu.onchange = () => menu.value && act({ do: "select", custom_id: part.custom_id, values: [menu.value] }, message.id);
        line.append(menu);
      }
    }
    article.append(line);
  }
  return article;
}

let shown = "", seen = 0;
async function refresh(wait) {
  const [channel, user] = [$("channel").value, $("user").value];
  if (!channel || !user) return;
  const query = `user=${user}` + (wait ? `&wait=${seen}` : "");
  const answer = await json(`/local/channels/${channel}/messages?${query}`);
  if (channel !== $("channel").value || user !== $("user").value) return;
  if (answer.refused) throw new Error(answer.refused);
  seen = answer.seen;
  setClock(answer.now_ms);
  const text = JSON.stringify(answer.messages);
  if (text === shown) return;
  shown = text;
  const box = $("messages"), atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  box.replaceChildren(...answer.messages.map(show));
  if (atEnd) box.scrollTop = box.scrollHeight;
}

// Ids are longer than JavaScript's numbers: they are written into the JSON as they are.
async function act(what, message) {
  $("notice").textContent = "";
  const ids = `"user":${$("user").value},"channel":${$("channel").value}` + (message ? `,"message":${message}` : "");
  const { message: _, ...rest } = what;
  const body = `{${ids},${JSON.stringify(rest).slice(1)}`;
  const answer = await json("/local/act", body);
  if (answer.refused) $("notice").textContent = answer.refused;
  if (answer.modal) openModal(answer.modal);
  return answer;
}

function openModal(modal) {
  const dialog = $("modal"), fields = dialog.querySelector(".fields");
  dialog.querySelector("h2").textContent = modal.title;
  const inputs = modal.components.flatMap((row) => row.components ?? [{ ...row.component, label: row.label }]);
  fields.replaceChildren(...inputs.map((input) => {
    const label = element("label", "", input.label);
    const field = document.createElement(input.style === 2 ? "textarea" : "input");
    field.name = input.custom_id;
    field.value = input.value ?? "";
    field.placeholder = input.placeholder ?? "";
    if (input.max_length) field.maxLength = input.max_length;
    field.required = input.required !== false;
    label.append(field);
    return label;
  }));
  dialog.onclose = () => {
    if (dialog.returnValue !== "send") return;
    const values = Object.fromEntries([...fields.querySelectorAll("input, textarea")].map((field) => [field.name, field.value]));
    act({ do: "submit", modal, values });
  };
  dialog.returnValue = "";
  dialog.showModal();
}

// While an option is typed: what the bot offers for it; before that, the commands there are.
let asked = 0;
async function suggest() {
  const line = $("line").value, mine = ++asked, list = $("choices");
  if (!line.startsWith("/")) { list.replaceChildren(); return; }
  const leaves = world.commands.flatMap((command) => (command.options ?? []).some((o) => o.type <= 2)
    ? command.options.map((sub) => [`/${command.name} ${sub.name}`, sub]) : [[`/${command.name}`, command]]);
  const current = leaves.find(([path]) => line.startsWith(path + " "));
  let offers = [];
  if (!current) offers = leaves.filter(([path]) => path.startsWith(line.trim())).map(([path, leaf]) => [`${path} — ${leaf.description}`, path + " "]);
  else {
    const [path, leaf] = current, options = leaf.options ?? [];
    const typing = options.map((option) => [line.lastIndexOf(` ${option.name}:`), option]).filter(([at]) => at >= 0).sort((a, b) => b[0] - a[0])[0];
    const start = typing ? typing[0] + typing[1].name.length + 2 : 0, typed = line.slice(start);
    const guild = guildHere(), listed = typing && { 6: guild?.members, 7: guild?.channels, 8: guild?.roles }[typing[1].type];
    if (listed) {
      const sign = typing[1].type === 7 ? "#" : "@", full = (one) => one.name.startsWith("@") ? one.name : sign + one.name;
      offers = listed.map(full).filter((name) => name.toLowerCase().includes(typed.trim().toLowerCase())).map((name) => [name, line.slice(0, start) + name]);
    } else if (typing?.[1].choices?.length) offers = typing[1].choices.map((choice) => [choice.name, line.slice(0, start) + choice.value]);
    else if (typing?.[1].autocomplete) {
      await new Promise((wait) => setTimeout(wait, 150));
      if (mine !== asked) return;
      const answer = await act({ do: "autocomplete", path: path.slice(1), focused: typing[1].name, typed });
      offers = (answer.choices ?? []).map(([name, value]) => [name, line.slice(0, start) + value]);
    }
    if (!typing || typed.endsWith(" ")) offers.push(...options.filter((o) => !line.includes(` ${o.name}:`)).map((o) => [`${o.name} — ${o.description}`, `${line.trimEnd()} ${o.name}:`]));
  }
  if (mine !== asked) return;
  list.replaceChildren(...offers.slice(0, 25).map(([name, text]) => {
    const item = element("li"), button = element("button", "", name);
    button.type = "button";
    button.onclick = () => { $("line").value = text; $("line").focus(); suggest(); };
    item.append(button);
    return item;
  }));
}

$("line").oninput = suggest;
$("composer").onsubmit = async (event) => {
  event.preventDefault();
  const line = $("line").value.trim();
  if (!line.startsWith("/")) { $("notice").textContent = "Type a slash command, such as /timeattack start"; return; }
  const answer = await act({ do: "slash", line });
  if (!answer.refused) { $("line").value = ""; $("choices").replaceChildren(); }
  refresh(false);
};
$("channel").onchange = $("user").onchange = () => { shown = ""; arrange(); refresh(false); };
$("closed").onchange = async () => {
  const chosen = person(), answer = await json("/local/people", `{"user":${chosen.id},"takes_dms":${!$("closed").checked}}`);
  chosen.takes_dms = answer.takes_dms;
};
document.querySelectorAll("#clock button").forEach((button) => {
  button.onclick = async () => setClock((await json("/local/clock", `{"advance_ms":${button.dataset.ms}}`)).now_ms);
});

(async () => {
  $("line").dataset.hint = $("line").placeholder;
  await loadWorld();
  await refresh(false);
  for (;;) {
    try { await refresh(true); if (!world.commands.length) await loadWorld(); }
    catch { await new Promise((wait) => setTimeout(wait, 1000)); await loadWorld().catch(() => {}); }
  }
})();
