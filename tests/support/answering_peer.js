// The far end of a call, inside the page: answers `/v1/sessions` and the offer with a second
// peer connection, so that the page's half can be tested alone. `far` is for the test.
(() => {
  const setting = (source) => ({ source, gain: 1, smoothing: 0 });
  const far = (window.far = {
    requests: [],
    messages: [],
    ended: false,
    say: (message) => far.channel.send(JSON.stringify(message)),
    controls: {
      mouth: setting("voice"),
      pose: setting("idle"),
      expression: setting("idle"),
      emotion: "neutral",
      emotion_strength: 1,
      blink: 1,
      gaze: 1,
    },
  });

  function receive({ data }) {
    const message = JSON.parse(data);
    if (message.type === "ping") return far.say({ type: "pong", time: message.time });
    far.messages.push(message);
  }

  /** Grey pictures that change, 25 a second. */
  function pictures() {
    const canvas = Object.assign(document.createElement("canvas"), { width: 256, height: 256 });
    const drawing = canvas.getContext("2d");
    let count = 0;
    setInterval(() => {
      drawing.fillStyle = `hsl(0 0% ${40 + (count++ % 20)}%)`;
      drawing.fillRect(0, 0, 256, 256);
    }, 40);
    return canvas.captureStream(25).getVideoTracks()[0];
  }

  async function answer(offer) {
    far.peer = new RTCPeerConnection();
    far.peer.addEventListener("datachannel", ({ channel }) => {
      far.channel = channel;
      channel.addEventListener("message", receive);
    });
    far.peer.addEventListener("track", ({ track }) => (far.heard = track));
    await far.peer.setRemoteDescription(offer);
    far.peer.addTrack(pictures());
    await far.peer.setLocalDescription();
    while (far.peer.iceGatheringState !== "complete") {
      await new Promise((resolve) =>
        far.peer.addEventListener("icegatheringstatechange", resolve, { once: true }),
      );
    }
    return { type: "answer", sdp: far.peer.localDescription.sdp };
  }

  const reallyFetch = window.fetch;
  window.fetch = async (address, options = {}) => {
    const path = new URL(address, document.baseURI).pathname;
    if (options.method === "DELETE") {
      far.ended = true;
      return Response.json({});
    }
    if (path.endsWith("/offer")) return Response.json(await answer(JSON.parse(options.body)));
    if (!path.endsWith("/v1/sessions")) return reallyFetch(address, options);
    far.requests.push(options.body);
    const { controls } = far;
    return Response.json({ id: "a", presenter: "ada", size: 512, controls, ice_servers: [] });
  };
})();
