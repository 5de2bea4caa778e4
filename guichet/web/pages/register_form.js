/* The form of one letter: its fields, what is typed in them, and what is kept of it in this tab at
 * every stroke. */

import { Combobox } from "./register_combobox.js";
import { dayOf, written } from "./register_entry.js";
import { keep, kept } from "./register_outbox.js";

export const at = (id) => document.getElementById(id);
export const form = at("letter");
export const fields = [...form.querySelectorAll(".field > input, .field > textarea")];
const pins = [...form.querySelectorAll("[data-pins]")];
const combos = { procedure: new Combobox(at("procedure")), service: new Combobox(at("service")) };

/** The letter that lies in the form: the identifier it has when it was sent before, and when its
 * first key was pressed. */
export let draft = { id: null, begun: null };

const pinned = (field) => pins.some((pin) => pin.checked && pin.dataset.pins === field.id);

/** What lies in a field before anything is typed in it. */
function initial(field) {
  if (field.id === "arrival") return written(new Date());
  if (field.id === "summary" && pinned(at("procedure"))) return at("procedure").value;
  return field.defaultValue;
}

const reachable = (field) => !pinned(field) && field.offsetParent !== null;

/** Whether nothing was typed that would be lost. */
export const untouched = () => fields.every((one) => pinned(one) || one.value === initial(one));

/** What is proposed from now on. */
export function propose({ procedures, services }) {
  combos.procedure.items = procedures;
  combos.service.items = services;
}

/** Tell under a field what is wrong with it, or again what it is for. */
export function mark(field, sentence = "") {
  const said = at(`${field.id}-said`);
  said.textContent = sentence || told(field) || said.dataset.hint;
  said.classList.toggle("error", Boolean(sentence));
  if (sentence) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}

/** A typed day in full, so that a wrong one is seen. */
function told(field) {
  const date = "day" in field.dataset && dayOf(field.value, new Date());
  return date ? date.toLocaleDateString("fr-FR", { dateStyle: "full" }) : "";
}

/** What was typed, by field, as `body` of register_entry.js takes it. */
export function typed() {
  const values = Object.fromEntries(fields.map(({ id, value }) => [id, value.trim()]));
  const ids = { procedure: at("procedure").dataset.id, service: at("service").dataset.id };
  return { ...values, ...ids, service_text: values.service };
}

/** Every field as it stands, to be filled in again. */
export const values = () =>
  Object.fromEntries(fields.map(({ id, value, dataset }) => [id, [value, dataset.id]]));

/** Keep in this tab what is typed. */
export function keepDraft() {
  const pinnedBy = pins.filter((pin) => pin.checked).map(({ id }) => id);
  keep("draft", { ...draft, values: values(), pins: pinnedBy, on: written(new Date()) });
}

/** Put a letter into the form: `was` is its draft, `typedBefore` its `values`. */
export function fill(was, typedBefore) {
  draft = { id: was.id, begun: was.begun };
  for (const field of fields) {
    const [value, id] = typedBefore[field.id] ?? [initial(field)];
    field.value = value;
    field.dataset.id = id ?? "";
    mark(field);
  }
  at("summary").dataset.proposed = at("procedure").value;
  unfold(Boolean(at("email").value || at("phone").value));
  keepDraft();
}

/** Make room for the next letter: what is pinned stays. */
export function clear() {
  const left = Object.entries(values()).filter(([id]) => pinned(at(id)));
  fill({ id: null, begun: null }, Object.fromEntries(left));
}

/** The form as it was before the page was loaded again. A stamp is of its day alone. */
export function restore() {
  const before = kept("draft", { id: null, begun: null, values: {}, pins: ["pin-arrival"] });
  for (const pin of pins) {
    pin.checked = before.pins.includes(pin.id);
    tint(pin);
  }
  if (before.on !== written(new Date())) delete before.values.arrival;
  fill(before, before.values);
}

export function focus(field) {
  field?.focus();
  field?.select?.();
}

/** The first field that changes from letter to letter. */
export const first = () => fields.find(reachable);

function goOn(from) {
  const after = fields.slice(fields.indexOf(from) + 1).find(reachable);
  focus(after ?? at("save"));
}

/** Show or hide e-mail and telephone. */
export function unfold(open) {
  for (const one of form.querySelectorAll(".contact")) one.hidden = !open;
  at("contact").setAttribute("aria-expanded", String(open));
}

function toggleContact() {
  const open = at("email").offsetParent === null;
  unfold(open);
  focus(open ? at("email") : at("summary"));
}

/** The object is that of the procedure until somebody writes another. */
function proposeSummary() {
  const summary = at("summary");
  if (summary.value && summary.value !== summary.dataset.proposed) return;
  summary.value = at("procedure").value;
  summary.dataset.proposed = summary.value;
}

/** The last line of the letter before, proposed as that of this one: most write from the town. */
function proposeCity() {
  const address = at("address");
  const city = kept("city", "");
  const street = address.value.trimEnd();
  const inside = street.includes("\n") || address.selectionEnd < street.length;
  if (!city || !street || inside) return false;
  address.value = `${street}\n${city}`;
  address.setSelectionRange(street.length + 1, address.value.length);
  keepDraft();
  return true;
}

/** Remember what `proposeCity` proposes. */
export function keepCity(address) {
  const lines = address.split("\n");
  if (lines.length > 1) keep("city", lines.at(-1).trim());
}

function tint(pin) {
  at(pin.dataset.pins).parentElement.classList.toggle("pinned", pin.checked);
}

/** Write a day in full and say what is wrong with it, as its field is left. */
export function finish(field) {
  const date = dayOf(field.value, new Date());
  if (date) field.value = written(date);
  mark(field, field.value && !date ? "Ce jour n’existe pas ou est mal écrit." : "");
  keepDraft();
}

form.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (event.key === "F2") toggleContact();
  else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  else if (event.key === "Enter" && !event.shiftKey && fields.includes(event.target))
    goOn(event.target);
  else if (event.key !== "Enter" || event.target !== at("address") || !proposeCity()) return;
  event.preventDefault();
});
form.addEventListener("input", (event) => {
  draft.begun ??= Date.now();
  if (event.target.hasAttribute("aria-invalid")) mark(event.target);
  keepDraft();
});
form.addEventListener("chosen", (event) => {
  mark(event.target);
  if (event.target === at("procedure")) proposeSummary();
  keepDraft();
});
for (const field of fields.filter((one) => "day" in one.dataset))
  field.addEventListener("blur", () => finish(field));
for (const pin of pins)
  pin.addEventListener("change", () => {
    tint(pin);
    keepDraft();
  });
at("contact").addEventListener("click", toggleContact);
