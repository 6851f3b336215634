// The JSON behind the page (`/local/…`). Ids are strings: JavaScript's numbers are too short.

async function read(response) {
  const body = await response.json().catch(() => ({}));
  return { ...body, status: response.status };
}

/** `{status: 0, refused}` when the program itself is away. */
async function ask(path, init) {
  try {
    return await read(await fetch(path, init));
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return { status: 0, refused: "The sandbox is not running" };
  }
}

export const get = (path, signal) => ask(path, { signal });

export function post(path, body) {
  return ask(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** What somebody does; `files` go along in a form, as `files[n]`. */
export function act(action, files = []) {
  if (files.length === 0) return post("/local/act", action);
  const form = new FormData();
  form.append("payload_json", JSON.stringify(action));
  files.forEach((file, index) => form.append(`files[${index}]`, file, file.name));
  return ask("/local/act", { method: "POST", body: form });
}
