// What apps do with a message: the commands of type 3, on a right click, the ⋯ button or a key.
import { h } from "./dom.js";
import { menuCommands } from "./commands.js";
import { openForm } from "./form.js";
import { openMenu } from "./menu.js";
import { does, nameOf, state } from "./state.js";
import { refusal, t } from "./text.js";

export function openApps(opener, message, at) {
  const apps = menuCommands().map((command) => ({
    label: command.label,
    detail: nameOf(state.world.bot),
    pick: () => use(opener, message, command.name),
  }));
  const items = apps.length ? apps : [{ label: t("no-apps"), disabled: true }];
  if (message.content)
    items.push({ label: t("copy-text"), pick: () => navigator.clipboard?.writeText(message.content) });
  openMenu(opener, t("apps"), items, at);
}

async function use(opener, message, command) {
  const item = opener.closest(".message");
  item.querySelector(".failed")?.remove();
  const answer = await does({ do: "menu", message: message.id, command });
  if (answer.refused)
    item.querySelector("article").append(h("p", { class: "failed", role: "alert" }, refusal(answer.refused)));
  if (answer.modal) openForm(answer.modal, opener);
}
