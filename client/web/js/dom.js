/** Small helpers for building the page. */

/**
 * The element of that id.
 * @param {string} id
 * @returns {any} typed by the caller's use of it
 */
export const byId = (id) => document.getElementById(id);

/**
 * Make an element.
 * @param {string} tag
 * @param {Record<string, unknown>} properties set on the element; `data` goes to its dataset
 * @param {...(Node | string)} children
 * @returns {any}
 */
export function element(tag, { data, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  Object.assign(made.dataset, data);
  made.append(...children);
  return made;
}

/**
 * A choice of one, as a radio button that looks like a chip.
 * @param {{name: string, value: string, label: string, defaultChecked?: boolean}} choice
 */
export const chip = ({ label, ...radio }) =>
  element(
    "label",
    { className: "chip" },
    element("input", { type: "radio", ...radio }),
    element("span", {}, label),
  );

/**
 * Something that is so, or not.
 * @param {string} name
 * @param {string} label
 */
export const check = (name, label) =>
  element(
    "label",
    { className: "check" },
    element("input", { type: "checkbox", name }),
    element("span", {}, label),
  );
