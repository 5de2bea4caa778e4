/* The letters of the day, as this tab has saved them: on their way, refused, recorded. */

import { reference, written } from "./register_entry.js";
import { ask, keep, kept } from "./register_outbox.js";

const MINUTE = 60_000;

export class Day {
  /** `table` is the body of the list, `pace` where the count is told. */
  constructor(table, pace) {
    this.table = table;
    this.pace = pace;
    const today = written(new Date());
    this.letters = kept("day", []).filter(({ at }) => written(new Date(at)) === today);
    this.waiting = [];
  }

  /** A letter was acknowledged; `content` is what the API said of it. */
  record(letter, content) {
    if (this.letters.some(({ id }) => id === letter.id)) return;
    const { id, sender, procedure, begun } = letter;
    const said = { id, sender, procedure, begun, reference: reference(letter.body) };
    this.letters.push({ ...said, at: Date.now(), position: content.position });
    this.#keep();
    this.#askPromises();
  }

  /** Show everything, with the letters that are `waiting` to be acknowledged. */
  show(waiting = this.waiting) {
    this.waiting = waiting;
    const rows = [
      ...waiting.toReversed().map((one) => row(one, one.problem ? "refusée" : "en attente")),
      ...this.letters.toReversed().map((one) => row(one, one.reference)),
    ];
    this.table.replaceChildren(...rows);
    const count = this.letters.length;
    if (!count) return;
    const first = Math.min(...this.letters.map(({ begun }) => begun));
    const minutes = Math.max(1, Math.round((this.letters.at(-1).at - first) / MINUTE));
    this.pace.textContent = `${count} lettre${count > 1 ? "s" : ""} en ${minutes} min`;
  }

  #askPromises() {
    for (const letter of this.letters.filter(({ due }) => due === undefined).slice(-5))
      this.#askPromise(letter);
  }

  async #askPromise(letter) {
    const wait = letter.position ? `?min_position=${letter.position}` : "";
    const answer = await ask(`/dossiers/${letter.id}${wait}`);
    if (answer?.status !== 200) return; // asked again with the next letter
    letter.due = answer.content.due;
    this.#keep();
    this.show();
  }

  #keep() {
    keep("day", this.letters);
  }
}

function row(letter, state) {
  const line = document.createElement("tr");
  if (letter.body) line.className = letter.problem ? "refused" : "waiting";
  const who = cell(letter.sender || "(anonyme)");
  const what = document.createElement("small");
  what.append(letter.procedure);
  who.append(what);
  line.append(cell(state), who, cell(letter.due ? written(new Date(`${letter.due}T12:00`)) : "–"));
  return line;
}

function cell(text) {
  const made = document.createElement("td");
  made.append(text);
  return made;
}
