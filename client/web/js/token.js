/** The token that a server with a login asks for: kept for this tab only. */

const NAME = "visavis-token";
let held = null;

/** Take the token out of an address that ends in `#token=...`; true if there was one. */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!given) return false;
  keepToken(given);
  // Out of the address, so that it is neither seen nor copied with it.
  history.replaceState(history.state, "", location.pathname + location.search);
  return true;
}

/** @param {string} token */
export function keepToken(token) {
  held = token;
  try {
    sessionStorage.setItem(NAME, token);
  } catch {
    // A browser that keeps nothing asks again when the page is loaded anew.
  }
}

/** Headers that show the token; none without one. */
export function credentials() {
  try {
    held ??= sessionStorage.getItem(NAME);
  } catch {
    held ??= null;
  }
  return held ? { Authorization: `Bearer ${held}` } : {};
}
