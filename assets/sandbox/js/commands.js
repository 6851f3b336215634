// The registered commands, as the person in this place may use them, in their language.
import { guild, isHome, person, state } from "./state.js";

const SUB = 1,
  GROUP = 2;
export const TYPE = {
  text: 3,
  integer: 4,
  bool: 5,
  user: 6,
  channel: 7,
  role: 8,
  mentionable: 9,
  number: 10,
  file: 11,
};

/** What can be run: `{path, description, options}`, in the order of registration. */
export function leaves() {
  return usable(1).flatMap((command) => below(command, command.name));
}

/** What can be done with a message. */
export function menuCommands() {
  return usable(3).map((command) => ({ name: command.name, label: localized(command, "name") }));
}

function usable(type) {
  const here = isHome() ? null : guild();
  const member = here?.members.find((one) => one.id === state.user);
  const has = BigInt(member?.permissions ?? 0);
  return state.world.commands.filter((command) => {
    if ((command.type ?? 1) !== type) return false;
    if (command.guild_id && command.guild_id !== here?.id) return false;
    if (command.contexts && !command.contexts.includes(here ? 0 : 1)) return false;
    if (!here) return command.dm_permission !== false;
    const needed = BigInt(command.default_member_permissions ?? 0);
    return here.has_bot !== false && (has & needed) === needed;
  });
}

function below(node, path) {
  const subs = (node.options ?? []).filter((one) => one.type === SUB || one.type === GROUP);
  if (subs.length) return subs.flatMap((sub) => below(sub, `${path} ${sub.name}`));
  const options = (node.options ?? []).map((option) => ({
    ...option,
    detail: localized(option, "description"),
    choices: (option.choices ?? []).map((choice) => ({
      label: localized(choice, "name"),
      value: String(choice.value),
    })),
  }));
  return [{ path, detail: localized(node, "description"), options }];
}

function localized(node, field) {
  const locale = person()?.locale ?? "en-US";
  return node[`${field}_localizations`]?.[locale] ?? node[field];
}

/** Commands whose path or description has all the words typed, those that begin with them first. */
export function find(typed) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (leaf) =>
    words.every((word) => leaf.path.includes(word) || leaf.detail.toLowerCase().includes(word));
  const wanted = typed.toLowerCase().trim();
  const rank = (leaf) => (leaf.path.startsWith(wanted) ? 0 : leaf.path.includes(wanted) ? 1 : 2);
  return leaves()
    .filter(fits)
    .sort((a, b) => rank(a) - rank(b));
}
