/* A field that proposes what begins like what is typed: the combobox pattern of ARIA 1.2, with a
 * list that is chosen from by the arrows and Enter, and never takes the focus. */

import { found, words } from "./register_entry.js";

export class Combobox {
  /** `input` is the field, its list the element it controls. */
  constructor(input) {
    this.items = [];
    this.input = input;
    this.list = document.getElementById(input.getAttribute("aria-controls"));
    this.shown = [];
    this.active = -1;
    input.addEventListener("input", () => this.#typed());
    input.addEventListener("keydown", (event) => this.#pressed(event));
    input.addEventListener("blur", () => this.#left());
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault(); // the focus stays in the field
      const option = event.target.closest("[role=option]");
      if (option) this.#choose(this.shown[[...this.list.children].indexOf(option)]);
    });
  }

  #typed() {
    this.input.dataset.id = "";
    if (this.input.value.trim()) this.#open(found(this.items, this.input.value));
    else this.close();
  }

  #pressed(event) {
    const down = event.key === "ArrowDown";
    if (down || event.key === "ArrowUp") {
      event.preventDefault();
      if (this.list.hidden) this.#open(found(this.items, this.input.value));
      else this.#activate((this.active + (down ? 1 : -1) + this.shown.length) % this.shown.length);
    } else if (event.key === "Escape") {
      if (this.list.hidden) this.clear();
      this.close();
    } else if (["Enter", "Tab"].includes(event.key) && !event.shiftKey && !this.list.hidden) {
      this.#choose(this.shown[this.active]);
    }
  }

  #left() {
    const same = (item) => words(item.name).join(" ") === words(this.input.value).join(" ");
    const exact = this.input.dataset.id ? undefined : this.items.find(same);
    if (exact) this.#choose(exact);
    this.close();
  }

  #open(items) {
    this.shown = items;
    this.list.replaceChildren(...items.map((item, at) => this.#option(item, at)));
    this.list.hidden = !items.length;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    this.#activate(items.length ? 0 : -1);
  }

  #option(item, at) {
    const option = document.createElement("li");
    option.id = `${this.list.id}-${at}`;
    option.role = "option";
    option.append(item.name);
    if (item.synonyms.length) {
      const synonyms = document.createElement("small");
      synonyms.append(item.synonyms.join(", "));
      option.append(synonyms);
    }
    return option;
  }

  #activate(at) {
    this.active = at;
    [...this.list.children].forEach((one, number) => {
      one.setAttribute("aria-selected", String(number === at));
    });
    if (at < 0) this.input.removeAttribute("aria-activedescendant");
    else this.input.setAttribute("aria-activedescendant", this.list.children[at].id);
  }

  #choose(item) {
    if (!item) return;
    this.input.value = item.name;
    this.input.dataset.id = item.id;
    this.close();
    this.input.dispatchEvent(new Event("chosen", { bubbles: true }));
  }

  /** Empty the field. */
  clear() {
    this.input.value = "";
    this.input.dataset.id = "";
    this.input.dispatchEvent(new Event("chosen", { bubbles: true }));
  }

  close() {
    this.list.hidden = true;
    this.shown = [];
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}
