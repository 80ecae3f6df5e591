/** The page: joins the choosers, the conversation and the view. */

import { listPresenters } from "./api.js";
import { ControlPanel } from "./controls.js";
import { Conversation } from "./conversation.js";
import { byId } from "./dom.js";
import { Presenters } from "./presenters.js";
import { showFacts, showFigures, showPresenter, showStart } from "./view.js";
import { VoiceChooser } from "./voice.js";

const RATE_EVERY_MS = 1_000;
const WIDE = "(min-width: 56rem)";

const presenters = new Presenters();
const voice = new VoiceChooser();
const panel = new ControlPanel();
const conversation = new Conversation();
const live = byId("live");
let pressed = 0;
let loading = false;

function start() {
  const { id, portrait } = presenters.chosen;
  const request = { controls: panel.patch, ...(portrait ? {} : { presenter: id }) };
  pressed = performance.now();
  if (live.requestVideoFrameCallback) live.requestVideoFrameCallback(firstPicture);
  else live.addEventListener("loadeddata", () => firstPicture(performance.now()), { once: true });
  conversation.start(request, portrait, voice.chosen);
  byId("end").focus({ preventScroll: true }); // the button that was pressed is gone
  scrollTo({ top: 0 });
  if (matchMedia(WIDE).matches) byId("motion").open = true; // there is room for it
}

function firstPicture(now) {
  showFigures({ first: now - pressed });
  conversation.pictureShown();
}

function onChange() {
  const { facts } = conversation;
  const focused = document.activeElement;
  showFacts(facts);
  if (facts.phase === "call") voice.mode = facts.voice;
  showNext();
  const hidden = facts.phase === "setup" && focused?.closest("#toolbar");
  if (hidden) byId("start").focus({ preventScroll: true });
}

function showNext() {
  if (conversation.facts.ending === "lost") showStart("again");
  else showStart(presenters.chosen || loading ? voice.mode : "load");
}

function markLoading(now) {
  loading = byId("start").disabled = now;
  showNext();
}

async function load() {
  markLoading(true);
  try {
    const [offered] = await Promise.all([listPresenters(), voice.load()]);
    panel.build(offered);
    presenters.show(offered.presenters);
    conversation.complain(null);
  } catch (error) {
    conversation.complain(error);
  }
  markLoading(false);
}

presenters.addEventListener("choose", () => {
  showPresenter(presenters.chosen);
  conversation.complain(null);
});
presenters.addEventListener("problem", ({ detail }) => conversation.complain(detail));
voice.addEventListener("choose", ({ detail }) => {
  conversation.use(detail);
});
panel.addEventListener("patch", ({ detail }) => conversation.steer(detail));

conversation.addEventListener("change", onChange);
conversation.addEventListener("stream", ({ detail }) => (live.srcObject = detail));
conversation.addEventListener("controls", ({ detail }) => panel.show(detail));
conversation.addEventListener("roundtrip", ({ detail }) => showFigures({ roundtrip: detail }));
conversation.addEventListener("stats", ({ detail }) =>
  showFigures({
    latency: detail.latency_ms,
    render: detail.render_ms,
    repeated: detail.repeated,
  }),
);

byId("start").addEventListener("click", () => (presenters.chosen ? start() : load()));
byId("end").addEventListener("click", () => conversation.end());
byId("interrupt").addEventListener("click", () => conversation.interrupt());
byId("mute").addEventListener("click", () => conversation.mute(!conversation.facts.muted));
byId("hear").addEventListener("click", () => conversation.hear(!conversation.facts.audible));
addEventListener("pagehide", () => conversation.end());
setInterval(async () => showFigures({ rate: await conversation.pictureRate() }), RATE_EVERY_MS);

onChange();
load();
