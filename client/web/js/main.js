/** The page: joins the choosers, the conversation and what is shown of it. */

import { listPresenters } from "./api.js";
import { DeviceChooser } from "./chooser.js";
import { ControlPanel } from "./controls.js";
import { Conversation } from "./conversation.js";
import { byId } from "./dom.js";
import { Driving } from "./driving.js";
import { Login } from "./login.js";
import { Looks } from "./looks.js";
import { MotionFile } from "./motion_file.js";
import { Observer } from "./observer.js";
import { PictureChooser } from "./picture.js";
import { Presenters } from "./presenters.js";
import { Problem } from "./problem.js";
import { Recorder } from "./recorder.js";
import { SceneChooser } from "./scene.js";
import { Screen } from "./screen.js";
import { prepareSharing, showAddresses } from "./share.js";
import { takeToken } from "./token.js";
import { showFacts, showStart } from "./view.js";
import { VoiceChooser } from "./voice.js";

const WIDE = "(min-width: 56rem)";

const presenters = new Presenters();
const voice = new VoiceChooser();
const microphones = new DeviceChooser("microphone");
const picture = new PictureChooser();
const scene = new SceneChooser();
const panel = new ControlPanel();
const login = new Login();
const recorders = { call: new Recorder("call"), motion: new Recorder("motion") };
const looks = new Looks(() => panel.all);
const motionFile = new MotionFile();
const screen = new Screen();
const conversation = new Conversation();
const driving = new Driving(conversation, panel);
let pressed = 0;
let missed = false; // something was changed while nothing could be sent
let loading = false;
let hangingUp = false;

const voiceChosen = () => voice.sample ?? { microphone: microphones.wanted };

function start() {
  if (scene.lacksPicture) return conversation.complain(new Problem("background_missing"));
  const { id, portrait } = presenters.chosen;
  const request = () => ({
    ...scene.request,
    controls: panel.patch,
    size: picture.size,
    quality: picture.quality,
    ...(portrait ? {} : { presenter: id }),
  });
  pressed = performance.now();
  missed = false;
  delete document.body.dataset.first;
  conversation.start(request, { portrait, background: scene.picture }, voiceChosen());
  byId("end").focus({ preventScroll: true }); // the button that was pressed is gone
  scrollTo({ top: 0 });
  if (matchMedia(WIDE).matches) byId("motion").open = true; // there is room for it
}

/** What is being recorded is finished first, unless somebody is in a hurry. */
async function hangUp() {
  if (!hangingUp) {
    hangingUp = true;
    await Promise.all(Object.values(recorders).map((recorder) => recorder.finish()));
  }
  conversation.end();
}

function onChange() {
  const { facts } = conversation;
  const focused = document.activeElement;
  if (facts.phase === "setup") afterCall();
  else voice.mode = facts.voice;
  showFacts(facts);
  screen.hear(facts.audible);
  login.showFor(facts.problem?.code);
  showNext();
  const hidden = facts.phase === "setup" && focused?.closest("#toolbar, .only-call");
  if (hidden && byId("login").hidden) byId("start").focus({ preventScroll: true });
}

function afterCall() {
  hangingUp = false;
  abandonRecordings();
  screen.clear();
}

function abandonRecordings() {
  for (const recorder of Object.values(recorders)) recorder.abandon();
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
    driving.learn(offered);
    picture.build(offered.sizes);
    presenters.show(offered.presenters);
    conversation.complain(null);
    looks.load();
  } catch (error) {
    conversation.complain(error);
  }
  markLoading(false);
}

/** There is a token now: go on with what had been refused. */
function enter() {
  if (presenters.chosen) start();
  else load();
}

function steer(controls) {
  if (!conversation.send({ type: "control", controls })) missed = true;
}

function setQuality(quality) {
  if (!conversation.send({ type: "quality", quality })) missed = true;
}

function catchUp() {
  if (!missed) return;
  missed = false;
  steer(panel.patch);
  setQuality(picture.quality);
}

presenters.addEventListener("choose", () => {
  screen.showPortrait(presenters.chosen, scene.framing);
  conversation.complain(null);
});
presenters.addEventListener("problem", ({ detail }) => conversation.complain(detail));
scene.addEventListener("change", () => {
  screen.showPortrait(presenters.chosen, scene.framing);
  conversation.complain(null);
});
scene.addEventListener("problem", ({ detail }) => conversation.complain(detail));
voice.addEventListener("choose", () => conversation.use(voiceChosen()));
microphones.addEventListener("choose", () => conversation.use(voiceChosen()));
picture.addEventListener("quality", ({ detail }) => setQuality(detail));
panel.addEventListener("patch", ({ detail }) => steer(detail));
login.addEventListener("given", enter);
screen.addEventListener("picture", () => {
  document.body.dataset.first ??= (performance.now() - pressed).toFixed(0); // ms, for tests
  conversation.pictureShown();
});
for (const [kind, fact] of [["call", "recording"], ["motion", "recordingMotion"]]) {
  const recorder = recorders[kind];
  recorder.addEventListener("send", ({ detail }) => conversation.send(detail));
  recorder.addEventListener("change", ({ detail }) => conversation.note({ [fact]: detail }));
  recorder.addEventListener("problem", ({ detail }) => conversation.complain(detail));
}
for (const one of [looks, motionFile]) {
  one.addEventListener("apply", ({ detail }) => panel.apply(detail));
  one.addEventListener("problem", ({ detail }) => conversation.complain(detail));
}
looks.addEventListener("said", ({ detail }) => conversation.remark(detail));

conversation.addEventListener("change", onChange);
conversation.addEventListener("stream", ({ detail }) => screen.show(detail));
conversation.addEventListener("trouble", () => {
  missed = true; // what was sent last may not have arrived
  screen.hold();
});
conversation.addEventListener("open", catchUp);
conversation.addEventListener("controls", ({ detail }) => panel.show(detail));
conversation.addEventListener("recording", ({ detail }) => recorders[detail.kind ?? "call"].follow(detail));
conversation.addEventListener("refused", ({ detail }) => {
  if (detail === "recording_failed") Object.values(recorders).forEach((it) => it.refuse());
});
conversation.addEventListener("heard", ({ detail }) => detail && microphones.refresh(detail));
conversation.addEventListener("session", ({ detail }) => {
  abandonRecordings(); // of a session that this one replaces
  showAddresses(detail);
  motionFile.follow(detail.id);
  looks.load(); // there may be a token now
});

byId("start").addEventListener("click", () => (presenters.chosen ? start() : load()));
byId("end").addEventListener("click", hangUp);
byId("interrupt").addEventListener("click", () => conversation.interrupt());
byId("mute").addEventListener("click", () => conversation.mute(!conversation.facts.muted));
byId("hear").addEventListener("click", () => conversation.hear(!conversation.facts.audible));
byId("record").addEventListener("click", () => recorders.call.toggle());
byId("motion-record").addEventListener("click", () => recorders.motion.toggle());
addEventListener("pagehide", () => {
  conversation.end();
  driving.end();
});
addEventListener("pageshow", ({ persisted }) => persisted && conversation.forget());
addEventListener("hashchange", () => takeToken() && conversation.complain(null));

new Observer(conversation, driving);
prepareSharing();
takeToken();
onChange();
load();
