/* The mail register: a form that a hand never leaves the keyboard for.
 *
 * What is typed is kept in this tab at every stroke. A letter that is saved leaves the form at once
 * and waits in the outbox until the API answers for it; one that is refused comes back, with its
 * error, as soon as the form is empty. */

import { Day } from "./register_day.js";
import { body, fault, fieldOf, uuid } from "./register_entry.js";
import {
  at, clear, draft, fields, fill, first, focus, form, keepCity, mark, propose, restore, typed,
  unfold, untouched, values,
} from "./register_form.js";
import { Outbox, ask, keep, kept } from "./register_outbox.js";

const status = at("status");
const day = new Day(at("day"), at("pace"));
const outbox = new Outbox({ changed, recorded, refused, waiting, stranger });

function say(sentence, error = false) {
  status.textContent = sentence;
  status.classList.toggle("error", error);
}

function save() {
  document.activeElement.dispatchEvent(new Event("blur")); // as if the field had been left
  const letter = typed();
  const now = new Date();
  const found = fault(letter, now);
  for (const field of fields) mark(field, found?.[0] === field.id ? found[1] : "");
  if (found) {
    say("");
    focus(at(found[0]));
    return;
  }
  const id = draft.id ?? uuid();
  outbox.add({
    key: uuid(),
    id,
    body: body(letter, id, now),
    sender: letter.sender,
    procedure: at("procedure").value,
    values: values(),
    begun: draft.begun ?? Number(now),
  });
  keepCity(letter.address);
  clear();
  focus(first());
  takeBack();
}

/** Put a refused letter into the form, when nobody is in the middle of another. */
function takeBack() {
  const letter = outbox.letters.find((one) => one.problem);
  if (!letter || !untouched()) return;
  fill(letter, letter.values); // kept as the draft before it is dropped there
  outbox.drop(letter);
  const { pointer, detail, title } = letter.problem;
  const field = at(fieldOf(pointer));
  if (field?.offsetParent === null) unfold(true);
  if (field) mark(field, detail || title);
  say(`Cette lettre n’est pas enregistrée. ${field ? title : detail || title}`, true);
  focus(field ?? first());
}

function changed() {
  day.show(outbox.letters);
}

function recorded(letter, content) {
  day.record(letter, content);
  const who = letter.sender ? `Lettre de ${letter.sender}` : "Lettre";
  say(`${who} enregistrée : ${day.letters.at(-1).reference}.`);
}

function refused(letter) {
  takeBack();
  if (!outbox.letters.includes(letter)) return;
  const why = letter.problem.detail || letter.problem.title;
  const who = letter.sender || "un anonyme";
  say(`La lettre de ${who} est refusée (${why}) ; elle revient après celle-ci.`, true);
}

function waiting(seconds) {
  const count = outbox.letters.filter((one) => !one.problem).length;
  const letters = count > 1 ? `${count} lettres attendent` : "Une lettre attend";
  const again = seconds.toLocaleString("fr-FR");
  say(`Guichet ne répond pas. ${letters}, rien n’est perdu ; nouvel essai dans ${again} s.`, true);
}

function stranger(sentence) {
  mark(at("token"), sentence);
  if (!at("ask").open) at("ask").showModal();
  at("token").focus();
}

/** Read what is in force; while it cannot be read, what was known is proposed. */
async function readCatalogue() {
  propose(kept("catalogue", { procedures: [], services: [] }));
  const answer = await ask("/catalogue");
  if (answer?.status === 200) {
    const short = ({ id, name, synonyms = [] }) => ({ id, name, synonyms });
    const { procedures, services } = answer.content;
    keep("catalogue", { procedures: procedures.map(short), services: services.map(short) });
    propose(kept("catalogue"));
    return true;
  }
  if (answer?.status === 401 || answer?.status === 403) stranger(answer.content.title);
  else setTimeout(readCatalogue, 2000);
  return false;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  save();
});
at("leave").addEventListener("click", () => {
  if (outbox.letters.length || !untouched()) say("Une lettre n’est pas encore enregistrée.", true);
  else {
    sessionStorage.clear();
    location.reload();
  }
});
at("ask").addEventListener("cancel", (event) => event.preventDefault());
at("ask-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  keep("token", at("token").value.trim());
  if (!(await readCatalogue())) return;
  at("token").value = "";
  at("ask").close();
  focus(first());
  outbox.send();
});
window.addEventListener("beforeunload", (event) => {
  if (outbox.letters.length) event.preventDefault();
});

restore();
mark(at("token"));
changed();
if (kept("token", "")) {
  readCatalogue();
  outbox.send();
  focus(first());
} else stranger("");
