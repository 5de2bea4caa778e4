/* The letters that are saved and not yet acknowledged, each under the key and the identifier it
 * had at its first try, kept in this tab until the API has answered for it.
 *
 * The key makes a repeated try one dossier for one token; the identifier does so for whatever token
 * comes next, since no dossier is opened twice. */

const PATIENCE = 15_000; // milliseconds until a try counts as lost
const SHORTEST = 500;
const LONGEST = 5_000;
const LATER = new Set([408, 425, 429]);

/** What was kept in this tab under `name`. */
export function kept(name, otherwise) {
  const text = sessionStorage.getItem(`courrier.${name}`);
  return text === null ? otherwise : JSON.parse(text);
}

/** Keep `value` in this tab: over a reload, not over its closing. */
export function keep(name, value) {
  sessionStorage.setItem(`courrier.${name}`, JSON.stringify(value));
}

/** Ask the API; the answer, or null when none came. */
export async function ask(path, options = {}) {
  const headers = { Authorization: `Bearer ${kept("token", "")}`, ...options.headers };
  const signal = AbortSignal.timeout(PATIENCE);
  try {
    const answer = await fetch(`/api/v1${path}`, { ...options, headers, signal });
    return { status: answer.status, content: await answer.json() };
  } catch {
    return null; // no network, no answer in time, or one that was cut off: all the same here
  }
}

export class Outbox {
  /** `on` hears `changed()`, `recorded(letter, content)`, `refused(letter)`, `waiting(seconds)`
   * and `stranger(sentence)`, when another token is needed. */
  constructor(on) {
    this.on = on;
    this.letters = kept("outbox", []);
    this.running = false;
    this.wake = () => {};
    window.addEventListener("online", () => this.wake());
  }

  /** Keep a letter ({key, id, body, …}), and bring it to the API for as long as it takes. */
  add(letter) {
    this.letters.push(letter);
    this.#keep();
    this.send();
  }

  /** Forget a letter, which is recorded or lies in the form again. */
  drop(letter) {
    this.letters = this.letters.filter((one) => one !== letter);
    this.#keep();
  }

  /** Bring what waits, one after the other. */
  async send() {
    if (this.running) return;
    this.running = true;
    let pause = SHORTEST;
    for (let next = this.#next(); next; next = this.#next()) {
      const verdict = await this.#try(next);
      if (verdict === "stranger") break;
      if (verdict === "later") {
        this.on.waiting(pause / 1000);
        await this.#rest(pause);
        pause = Math.min(2 * pause, LONGEST);
      } else pause = SHORTEST;
    }
    this.running = false;
  }

  #next() {
    return this.letters.find((letter) => !letter.problem);
  }

  async #try(letter) {
    const answer = await ask("/dossiers", {
      method: "POST",
      headers: { "Content-Type": "application/json", "Idempotency-Key": letter.key },
      body: JSON.stringify(letter.body),
    });
    const { status, content } = answer ?? { status: 0 };
    if (status === 201 || content?.type === "/problems/dossier-exists") {
      this.on.recorded(letter, content); // kept there before it is dropped here
      this.drop(letter);
      return "done";
    }
    if (status === 401 || status === 403) {
      this.on.stranger(content?.title ?? "");
      return "stranger";
    }
    if (status < 400 || status >= 500 || LATER.has(status)) return "later";
    if (content.type === "/problems/conflict") return "later";
    letter.problem = content;
    this.#keep();
    this.on.refused(letter);
    return "refused";
  }

  #rest(milliseconds) {
    return new Promise((done) => {
      const timer = setTimeout(done, milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        done();
      };
    });
  }

  #keep() {
    keep("outbox", this.letters);
    this.on.changed();
  }
}
