/** The addresses under which others see this session, or speak into it. */

import { located } from "./api.js";
import { byId } from "./dom.js";

const THANKS_MS = 2_000;

/** Make the copy buttons work. */
export function prepareSharing() {
  for (const kind of ["whep", "whip"]) {
    byId(`copy-${kind}`).addEventListener("click", () => copy(byId(`address-${kind}`)));
  }
}

/** @param {{whep?: string, whip?: string}} session a SessionCreated */
export function showAddresses({ whep, whip }) {
  byId("share").hidden = !whep;
  byId("address-whep").value = whep ? located(whep) : "";
  byId("address-whip").value = whip ? located(whip) : "";
}

async function copy(field) {
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    byId("copied").textContent = "Copied";
  } catch {
    byId("copied").textContent = "Selected: copy it with your keyboard"; // not over https
  }
  setTimeout(() => (byId("copied").textContent = ""), THANKS_MS);
}
