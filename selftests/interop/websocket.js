// SPDX-License-Identifier: GPL-2.0-only
//
// A phone in a browser, without the browser: JsSIP over WebSocket, registers and calls twice. Media
// are no part of this, so a stand-in answers for the browser's. Run where jssip and ws are
// installed: node websocket.js URL SERVER USER OTHER. Prints how many of the three succeeded.
"use strict";

const [url, server, user, other] = process.argv.slice(2);
const sdp =
	"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n" +
	"m=audio 6000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";

class Media {
	constructor() {
		this.iceGatheringState = "complete";
		this.iceConnectionState = "connected";
		this.signalingState = "stable";
		this.localDescription = null;
	}
	addEventListener() {}
	removeEventListener() {}
	addTrack() {}
	addStream() {}
	getSenders() { return []; }
	getReceivers() { return []; }
	close() {}
	async createOffer() { return { type: "offer", sdp }; }
	async createAnswer() { return { type: "answer", sdp }; }
	async setLocalDescription(description) { this.localDescription = description; }
	async setRemoteDescription() {}
}

const load = require("module").createRequire(`${process.cwd()}/`);
globalThis.window = globalThis;
globalThis.WebSocket = load("ws");
globalThis.RTCPeerConnection = Media;
globalThis.RTCSessionDescription = class { constructor(value) { Object.assign(this, value); } };
const JsSIP = load("jssip");

const phone = new JsSIP.UA({
	sockets: [new JsSIP.WebSocketInterface(url)],
	uri: `sip:${user}@${server}`,
	authorization_user: user,
	password: "secret",
	register: true,
});
let good = 0;

function end() {
	console.log(good);
	process.exit(0);
}

function call(left) {
	if (left === 0)
		return end();
	let talked = false;
	const session = phone.call(`sip:${other}@${server}`, {
		mediaStream: { getTracks: () => [] },
		mediaConstraints: { audio: false, video: false },
		eventHandlers: {
			confirmed: () => {
				talked = true;
				setTimeout(() => session.terminate(), 500);
			},
			ended: () => { good += talked; call(left - 1); },
			failed: (event) => { console.error(`failed: ${event.cause}`); call(left - 1); },
		},
	});
}

phone.once("registered", () => { good++; call(2); });
phone.on("registrationFailed", (event) => { console.error(`no registration: ${event.cause}`); end(); });
setTimeout(end, 25000);
phone.start();
