/* A letter from what was typed to what the API takes. Nothing here touches the page. */

/** The text without accents, case and punctuation, as words. */
export const words = (text) =>
  text
    .replace(/œ/gi, "oe")
    .replace(/æ/gi, "ae")
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean);

/** The `items` ({id, name, synonyms}) in whose name or synonyms every word of `text` begins a
 * word, the likeliest first, `most` at most. */
export function found(items, text, most = 8) {
  const typed = words(text);
  const begins = (own) => typed.every((word) => own.some((one) => one.startsWith(word)));
  const ranked = [];
  for (const item of items) {
    const name = words(item.name);
    const whole = name.join(" ");
    if (whole === typed.join(" ")) ranked.push([0, item]);
    else if (whole.startsWith(typed.join(" "))) ranked.push([1, item]);
    else if (begins(name)) ranked.push([2, item]);
    else if (begins([...name, ...item.synonyms.flatMap(words)])) ranked.push([3, item]);
  }
  const order = ([one, a], [other, b]) => one - other || a.name.length - b.name.length;
  return ranked.sort(order).slice(0, most).map(([, item]) => item);
}

/** A random UUID (RFC 9562, version 4). `crypto.randomUUID` is missing where a town serves the
 * page on its own network without a certificate. */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

const noon = (year, month, day) => new Date(year, month - 1, day, 12);

/** The day (a Date at noon) somebody means by `text`: `25` and `25/11` are the last such day until
 * `today`; null for what is no day. */
export function dayOf(text, today) {
  const parts = /^(\d{1,2})(?:[\s/.-]?(\d{1,2})(?:[\s/.-]?(\d{4}|\d{2}))?)?$/.exec(text.trim());
  if (!parts) return null;
  const [, day, month, year] = parts.map((part) => part && Number(part));
  const valid = (date) => date.getDate() === day && (!month || date.getMonth() === month - 1);
  if (year !== undefined) {
    const date = noon(year < 100 ? 2000 + year : year, month, day);
    return valid(date) ? date : null;
  }
  const now = [today.getFullYear(), today.getMonth() + 1];
  for (let back = 0; back < (month ? 9 : 12); back += 1) {
    const date = month ? noon(now[0] - back, month, day) : noon(now[0], now[1] - back, day);
    if (valid(date) && date <= noon(now[0], now[1], today.getDate())) return date;
  }
  return null;
}

/** A day as people write it, `25/11/2026`. */
export const written = (date) => date.toLocaleDateString("fr-FR", { dateStyle: "short" });

/** The moment that stands for a typed day: its noon, which is that day in every zone of France,
 * or now where noon is still to come. */
function momentOf(text, now) {
  const date = text && dayOf(text, now);
  return date ? new Date(Math.min(date, now)).toISOString() : undefined;
}

/** What says nothing is left out: the API takes no empty text. */
function said(value) {
  if (Array.isArray(value)) return value.length ? value : undefined;
  if (value === null || typeof value !== "object") return value === "" ? undefined : value;
  const kept = Object.entries(value).map(([name, one]) => [name, said(one)]);
  const left = kept.filter(([, one]) => one !== undefined);
  return left.length ? Object.fromEntries(left) : undefined;
}

/** The body of `POST /api/v1/dossiers` (domain/intake.py, `OpenDossier` and `MailEntry`) for the
 * dossier `id`, of what was typed in the fields of the page. */
export function body(typed, id, now) {
  return said({
    id,
    procedure: typed.procedure,
    channel: "letter",
    summary: typed.summary,
    usager: {
      name: typed.sender,
      email: typed.email,
      phone: typed.phone,
      address: typed.address,
    },
    mail: {
      registered_number: typed.registered,
      pieces: Number(typed.pieces),
      first_service: typed.service,
      signatories: typed.signatories
        .split("\n")
        .map((name) => ({ name: name.trim() }))
        .filter(({ name }) => name),
    },
    happened_at: momentOf(typed.postmark, now),
    received_at: momentOf(typed.arrival, now),
    entered_at: now.toISOString(),
  });
}

const FIELD_OF = {
  "/received_at": "arrival",
  "/happened_at": "postmark",
  "/procedure": "procedure",
  "/fields": "procedure",
  "/usager/email": "email",
  "/usager/phone": "phone",
  "/usager/address": "address",
  "/usager": "sender",
  "/mail/registered_number": "registered",
  "/mail/pieces": "pieces",
  "/mail/first_service": "service",
  "/mail": "signatories",
  "/summary": "summary",
};

/** The field of the page that a `pointer` of a problem (RFC 9457) is about; undefined for none. */
export function fieldOf(pointer = "") {
  const prefix = Object.keys(FIELD_OF).find((one) => `${pointer}/`.startsWith(`${one}/`));
  return FIELD_OF[prefix];
}

/** What can be told without the server: the field and the sentence of the first fault, or null. */
export function fault(typed, now) {
  const arrival = dayOf(typed.arrival, now);
  const postmark = typed.postmark && dayOf(typed.postmark, now);
  if (!arrival) return ["arrival", "Ce jour n’existe pas ou est mal écrit."];
  if (arrival > now && written(arrival) !== written(now))
    return ["arrival", "Ce jour est encore à venir."];
  if (postmark === null) return ["postmark", "Ce jour n’existe pas ou est mal écrit."];
  if (postmark && postmark > arrival) return ["postmark", "Le cachet est postérieur à l’arrivée."];
  if (!typed.procedure) return ["procedure", "Choisissez une procédure de la liste."];
  if (!/^\d{1,4}$/.test(typed.pieces)) return ["pieces", "Un nombre de 1 à 1000 est attendu."];
  if (!typed.service && typed.service_text)
    return ["service", "Choisissez un service de la liste, ou laissez vide."];
  if (!typed.summary) return ["summary", "L’objet est à renseigner."];
  return null;
}

/** How people name a dossier, as guichet/tracking.py does: `2026-8F3A21C0`. */
export const reference = (sent) =>
  `${sent.received_at.slice(0, 4)}-${sent.id.slice(-8).toUpperCase()}`;
