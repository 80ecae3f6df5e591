// The far end of a call, inside the page: answers `/v1/sessions` and the offers with peer
// connections of its own, so that the page's half can be tested alone. `far` is for the test.
(() => {
  const setting = (source) => ({ source, gain: 1, smoothing: 0, hold: false, limit: 1 });
  const far = (window.far = {
    requests: [], // bodies of those that wanted a session
    offered: [], // ids of the sessions that offers came for
    tokens: [], // what every request showed as authorization
    messages: [], // that came over the data channel, pings apart
    motions: [], // that came over the data channel beside it
    tracks: {}, // of the page, by kind
    files: [], // sizes of the motion files that came
    refusal: null, // what is wrong with the next of them
    ended: [], // ids of the sessions that were given back
    offline: false, // no request arrives
    busy: null, // a promise that the answers to offers wait for
    relays: [], // STUN and TURN servers, as they are told whenever they are asked for
    forgotten: new Set(), // ids of sessions that there are no longer
    answersPings: true,
    record: null, // makes the answers to a record message
    say: (message) => far.channel.readyState === "open" && far.channel.send(JSON.stringify(message)),
    /** Break the connection as a network does that is gone. */
    vanish: () => far.peer.close(),
    controls: {
      mouth: setting("voice"),
      pose: setting("idle"),
      expression: setting("idle"),
      emotion: "neutral",
      emotion_strength: 1,
      blink: 1,
      gaze: 1,
      sliders: {},
      voice_first: false,
      fade_ms: 200,
      steadiness: 0.4,
      mirror: false,
    },
  });

  function receive({ data }) {
    const message = JSON.parse(data);
    if (message.type !== "ping") far.messages.push(message);
    else if (far.answersPings) far.say({ type: "pong", time: message.time });
    if (message.type === "control") far.controls = joined(far.controls, message.controls);
    if (message.type.startsWith("record")) far.record?.(message).forEach(far.say);
  }

  const follow = ({ data }) => far.motions.push(JSON.parse(data));

  /** Grey pictures that change, 25 a second. */
  function pictures() {
    const canvas = Object.assign(document.createElement("canvas"), { width: 256, height: 256 });
    const drawing = canvas.getContext("2d");
    let count = 0;
    setInterval(() => {
      if (far.draw) return far.draw(drawing, count++);
      drawing.fillStyle = `hsl(0 0% ${40 + (count++ % 20)}%)`;
      drawing.fillRect(0, 0, 256, 256);
    }, 40);
    return canvas.captureStream(25).getVideoTracks()[0];
  }

  async function answer(offer) {
    const peer = (far.peer = new RTCPeerConnection());
    peer.addEventListener("datachannel", ({ channel }) => {
      if (channel.label === "motion") return channel.addEventListener("message", follow);
      far.channel = channel;
      channel.addEventListener("message", receive);
    });
    peer.addEventListener("track", ({ track }) => (far.tracks[track.kind] = track));
    await peer.setRemoteDescription(offer);
    peer.addTrack(pictures());
    await peer.setLocalDescription();
    while (peer.iceGatheringState !== "complete") {
      await new Promise((resolve) =>
        peer.addEventListener("icegatheringstatechange", resolve, { once: true }),
      );
    }
    return { type: "answer", sdp: peer.localDescription.sdp };
  }

  const fail = (status, code) => Response.json({ code, message: code }, { status });

  /** Controls after a patch. */
  const joined = (controls, patch) =>
    Object.fromEntries(
      Object.entries(controls).map(([name, value]) => [
        name,
        typeof value === "object" ? { ...value, ...patch[name] } : (patch[name] ?? value),
      ]),
    );

  async function open(body) {
    far.requests.push(body);
    const id = "abcdefgh"[far.requests.length - 1];
    const below = `/v1/sessions/${id}`;
    const addresses = {
      voice: `${below}/voice`,
      motion: `${below}/motion`,
      whip: `/whip/${id}`,
      whep: `/whep/${id}`,
    };
    const wanted = typeof body === "string" ? JSON.parse(body).controls : {};
    const controls = (far.controls = joined(far.controls, wanted));
    const made = { id, presenter: "ada", size: 512, controls, ice_servers: far.relays };
    return Response.json({ ...made, ...addresses });
  }

  async function offer(id, body) {
    far.offered.push(id);
    if (far.forgotten.has(id)) return fail(404, "unknown_session");
    await far.busy;
    return Response.json(await answer(JSON.parse(body)));
  }

  function takeMotion(query, file) {
    if (far.refusal) return fail(422, far.refusal);
    far.files.push(file.size);
    return Response.json({ seconds: 12.5, loop: query.get("loop") === "true" });
  }

  const reallyFetch = window.fetch;
  window.fetch = async (address, options = {}) => {
    const path = new URL(address, document.baseURI).pathname;
    if (path.includes("/v1/recordings/")) return far.file?.() ?? fail(404, "unknown_recording");
    const [, id, what] = path.match(/\/v1\/sessions\/([^/]+)(.*)$/) ?? [];
    if (!id && !path.endsWith("/v1/sessions")) return reallyFetch(address, options);
    if (far.offline) throw new TypeError("Failed to fetch");
    far.tokens.push(options.headers?.Authorization ?? null);
    if (!id) return open(options.body);
    if (what === "/motion") return takeMotion(new URL(address).searchParams, options.body);
    if (what === "/ice_servers") return Response.json(far.relays);
    if (what === "/offer") return offer(id, options.body);
    if (options.method === "DELETE") far.ended.push(id);
    return new Response(null, { status: 204 });
  };
})();
