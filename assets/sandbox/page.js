"use strict";
// Everything a member wrote is put into the page as text nodes; no HTML is ever made of it.
const $ = (id) => document.getElementById(id);
let world = { guilds: [], commands: [], names: {} };

const element = (tag, className, text) => {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
};

async function loadWorld() {
  world = await (await fetch("/local/world")).json();
  const channel = $("channel"), chosen = channel.value;
  channel.replaceChildren(...world.guilds.map((guild) => {
    const group = document.createElement("optgroup");
    group.label = guild.name;
    group.append(...guild.channels.map((one) => new Option("#" + one.name, one.id)));
    return group;
  }));
  if (chosen) channel.value = chosen;
  loadUsers();
}

function loadUsers() {
  const guild = world.guilds.find((one) => one.channels.some((channel) => channel.id === $("channel").value));
  const user = $("user"), chosen = user.value;
  user.replaceChildren(...(guild?.members ?? []).map((one) => new Option(`${one.name} (${one.locale})`, one.id)));
  if ([...user.options].some((option) => option.value === chosen)) user.value = chosen;
}

const styles = { t: { timeStyle: "short" }, T: { timeStyle: "medium" }, d: { dateStyle: "short" }, D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" }, F: { dateStyle: "full", timeStyle: "short" } };

function showTime(node) {
  const at = Number(node.dataset.at) * 1000, style = node.dataset.style || "f";
  if (style !== "R") { node.textContent = new Intl.DateTimeFormat(undefined, styles[style] ?? styles.f).format(at); return; }
  const seconds = Math.round((at - Date.now()) / 1000), relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
  const [unit, size] = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]].find(([, s]) => Math.abs(seconds) >= s) ?? ["second", 1];
  node.textContent = relative.format(Math.trunc(seconds / size), unit);
}
setInterval(() => document.querySelectorAll("[data-at]").forEach(showTime), 1000);

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
  const token = /\\([\\*_~`|><[\]()#\-:@])|<t:(-?\d+)(?::(\w))?>|<@!?(\d+)>|<#(\d+)>|\*\*([^*]+(?:\\\*[^*]*)*)\*\*|`([^`]+)`/g;
  let end = 0;
  for (const found of text.matchAll(token)) {
    all.append(text.slice(end, found.index));
    end = found.index + found[0].length;
    const [, escaped, at, style, user, channel, bold, code] = found;
    if (escaped) all.append(escaped);
    else if (at) { const node = element("time", "mention"); node.dataset.at = at; node.dataset.style = style ?? ""; showTime(node); all.append(node); }
    else if (user) all.append(element("span", "mention", "@" + (world.names[user] ?? user)));
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
  for (const row of message.components) {
    const line = element("div", "row");
    for (const part of row.components ?? []) {
      if (part.type === 2) {
        const button = element("button", "s" + part.style, (part.emoji?.name ? part.emoji.name + " " : "") + (part.label ?? ""));
        button.disabled = part.disabled === true;
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
  const answer = await (await fetch(`/local/channels/${channel}/messages?${query}`)).json();
  if (channel !== $("channel").value || user !== $("user").value) return;
  seen = answer.seen;
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
  const answer = await (await fetch("/local/act", { method: "POST", headers: { "content-type": "application/json" }, body })).json();
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
    if (typing?.[1].choices?.length) offers = typing[1].choices.map((choice) => [choice.name, line.slice(0, start) + choice.value]);
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
$("channel").onchange = () => { shown = ""; loadUsers(); refresh(false); };
$("user").onchange = () => { shown = ""; refresh(false); };

(async () => {
  await loadWorld();
  await refresh(false);
  for (;;) {
    try { await refresh(true); if (!world.commands.length) await loadWorld(); }
    catch { await new Promise((wait) => setTimeout(wait, 1000)); await loadWorld().catch(() => {}); }
  }
})();
