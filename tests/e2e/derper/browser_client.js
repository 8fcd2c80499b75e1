// A DERP client for a browser's own WebSocket, small enough to read: NaCl box on BigInt, frames, and the
// checks of browser_test.py. Posts what it found to /result.
"use strict";

const P = (1n << 255n) - 19n;
const mod = (value, m = P) => ((value % m) + m) % m;
const fromLittle = (bytes) => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
const toLittle = (value, size) => Uint8Array.from({length: size}, (_, i) => Number((value >> BigInt(8 * i)) & 255n));

function power(base, exponent) {
  let result = 1n;
  for (; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = mod(result * base);
    base = mod(base * base);
  }
  return result;
}

// RFC 7748, section 5.
function x25519(scalar, point) {
  const k = Uint8Array.from(scalar);
  k[0] &= 248;
  k[31] = (k[31] & 127) | 64;
  const bits = fromLittle(k), x1 = fromLittle(point) & ((1n << 255n) - 1n);
  let [x2, z2, x3, z3] = [1n, 0n, x1, 1n];
  for (let t = 254n; t >= 0n; --t) {
    const bit = (bits >> t) & 1n;
    if (bit) [x2, z2, x3, z3] = [x3, z3, x2, z2];
    const a = x2 + z2, aa = mod(a * a), b = x2 - z2, bb = mod(b * b), e = aa - bb;
    const da = (x3 - z3) * a, cb = (x3 + z3) * b;
    x3 = mod((da + cb) ** 2n);
    z3 = mod(x1 * mod((da - cb) ** 2n));
    x2 = mod(aa * bb);
    z2 = mod(e * (aa + 121665n * e));
    if (bit) [x2, z2, x3, z3] = [x3, z3, x2, z2];
  }
  return toLittle(mod(x2 * power(z2, P - 2n)), 32);
}

const SIGMA = new TextEncoder().encode("expand 32-byte k");
const words = (bytes) => Uint32Array.from({length: bytes.length / 4}, (_, i) =>
  (bytes[4 * i] | bytes[4 * i + 1] << 8 | bytes[4 * i + 2] << 16 | bytes[4 * i + 3] << 24) >>> 0);
const bytesOf = (list) =>
  Uint8Array.from({length: list.length * 4}, (_, i) => list[i >> 2] >>> (8 * (i & 3)));

// The Salsa20 core; `add` is left out by HSalsa20.
function salsa(input, key, add) {
  const c = words(SIGMA), k = words(key), n = words(input);
  const start = [c[0], k[0], k[1], k[2], k[3], c[1], n[0], n[1], n[2], n[3], c[2], k[4], k[5], k[6], k[7], c[3]];
  const x = Uint32Array.from(start);
  const step = (to, from, other, by) => {
    const sum = (x[from] + x[other]) >>> 0;
    x[to] ^= (sum << by) | (sum >>> (32 - by));
  };
  const quarter = (a, b, c2, d) => {
    step(b, a, d, 7); step(c2, b, a, 9); step(d, c2, b, 13); step(a, d, c2, 18);
  };
  for (let round = 0; round < 10; ++round) {
    quarter(0, 4, 8, 12); quarter(5, 9, 13, 1); quarter(10, 14, 2, 6); quarter(15, 3, 7, 11);
    quarter(0, 1, 2, 3); quarter(5, 6, 7, 4); quarter(10, 11, 8, 9); quarter(15, 12, 13, 14);
  }
  if (add) for (let i = 0; i < 16; ++i) x[i] += start[i];
  return x;
}

function hsalsa(key, input) {
  const x = salsa(input, key, false);
  return bytesOf([x[0], x[5], x[10], x[15], x[6], x[7], x[8], x[9]]);
}

function poly1305(message, key) {
  const p = (1n << 130n) - 5n;
  const r = fromLittle(key.slice(0, 16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn, s = fromLittle(key.slice(16, 32));
  let sum = 0n;
  for (let at = 0; at < message.length; at += 16) {
    const block = message.slice(at, at + 16);
    sum = mod((sum + fromLittle(block) + (1n << BigInt(8 * block.length))) * r, p);
  }
  return toLittle((sum + s) & ((1n << 128n) - 1n), 16);
}

// crypto_box: X25519, XSalsa20, Poly1305.
function boxStream(privateKey, publicKey, nonce, size) {
  const shared = hsalsa(x25519(privateKey, publicKey), new Uint8Array(16));
  const key = hsalsa(shared, nonce.slice(0, 16));
  const out = [];
  for (let block = 0; out.length < size; ++block) {
    const input = new Uint8Array(16);
    input.set(nonce.slice(16, 24));
    input.set(toLittle(BigInt(block), 8), 8);
    out.push(...bytesOf(salsa(input, key, true)));
  }
  return Uint8Array.from(out);
}

function seal(text, privateKey, publicKey, nonce) {
  const stream = boxStream(privateKey, publicKey, nonce, text.length + 32);
  const cipher = text.map((byte, i) => byte ^ stream[32 + i]);
  return join(poly1305(cipher, stream.slice(0, 32)), cipher);
}

function open(box, privateKey, publicKey, nonce) {
  const cipher = box.slice(16), stream = boxStream(privateKey, publicKey, nonce, cipher.length + 32);
  const mac = poly1305(cipher, stream.slice(0, 32));
  if (mac.some((byte, i) => byte !== box[i])) throw new Error("ServerInfo is forged");
  return cipher.map((byte, i) => byte ^ stream[32 + i]);
}

function join(...parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const frame = (type, payload) => join(Uint8Array.of(type, payload.length >>> 24, payload.length >>> 16,
                                                    payload.length >>> 8, payload.length), payload);

// Frames out of the messages of a WebSocket, whatever the boundaries.
class Derp {
  constructor(url, protocols) {
    this.socket = new WebSocket(url, protocols);
    this.socket.binaryType = "arraybuffer";
    this.bytes = new Uint8Array();
    this.waiting = [];
    this.messages = 0;
    this.opened = new Promise((done, fail) => {
      this.socket.onopen = done;
      this.socket.onerror = () => fail(new Error("refused"));
    });
    this.closed = new Promise((done) => { this.socket.onclose = done; });
    this.socket.onmessage = (event) => {
      ++this.messages;
      this.bytes = join(this.bytes, new Uint8Array(event.data));
      this.deliver();
    };
  }

  deliver() {
    while (this.waiting.length > 0 && this.bytes.length >= 5) {
      const size = new DataView(this.bytes.buffer, this.bytes.byteOffset).getUint32(1);
      if (this.bytes.length < 5 + size) return;
      const next = {type: this.bytes[0], payload: this.bytes.slice(5, 5 + size)};
      this.bytes = this.bytes.slice(5 + size);
      this.waiting.shift()(next);
    }
  }

  next() {
    return new Promise((done) => {
      this.waiting.push(done);
      this.deliver();
    });
  }

  async expect(type) {
    for (;;) {
      const got = await this.next();
      if (got.type === type) return got.payload;
    }
  }

  async login() {
    await this.opened;
    const greeting = (await this.next()).payload, server = greeting.slice(8, 40);
    const privateKey = crypto.getRandomValues(new Uint8Array(32)), nonce = crypto.getRandomValues(new Uint8Array(24));
    const base = new Uint8Array(32);
    base[0] = 9;
    this.key = x25519(privateKey, base);
    const info = new TextEncoder().encode('{"version":2,"CanAckPings":true}');
    const login = frame(2, join(this.key, nonce, seal(info, privateKey, server, nonce)));
    // A frame may be spread over messages.
    for (const part of [login.slice(0, 3), login.slice(3, 40), login.slice(40)]) this.socket.send(part);
    const answer = await this.expect(3);
    return new TextDecoder().decode(open(answer.slice(24), privateKey, server, answer.slice(0, 24)));
  }
}

const same = (left, right) => left.length === right.length && left.every((byte, i) => byte === right[i]);

async function talk(url) {
  const left = new Derp(url, ["derp"]), right = new Derp(url, ["derp"]);
  const result = {info: await left.login()};
  await right.login();
  result.protocol = left.socket.protocol;
  const large = crypto.getRandomValues(new Uint8Array(60000)), small = Uint8Array.of(1, 2, 3);
  // Several frames may be in one message.
  left.socket.send(join(frame(4, join(right.key, small)), frame(0x12, Uint8Array.from({length: 8}, (_, i) => i))));
  left.socket.send(frame(4, join(right.key, large)));
  result.pong = Array.from(await left.expect(0x13));
  const first = await right.expect(5), second = await right.expect(5);
  result.small = same(first, join(left.key, small));
  result.large = same(second, join(left.key, large));
  left.socket.close(1000, "done");
  result.gone = same((await right.expect(8)).slice(0, 32), left.key);
  result.clean = (await left.closed).wasClean;
  right.socket.close();
  return result;
}

async function breakRules(url) {
  const derp = new Derp(url, ["derp"]);
  await derp.opened;
  const start = performance.now();
  derp.socket.send("text is no DERP");
  const end = await derp.closed;
  return {code: end.code, milliseconds: performance.now() - start};
}

async function run(url) {
  const result = {};
  const steps = {talk, breakRules,
                 other: (to) => new Derp(to, ["other"]).opened.then(() => "opened", (error) => error.message)};
  for (const [name, step] of Object.entries(steps)) {
    try {
      result[name] = await step(url);
    } catch (error) {
      result[name] = String(error);
    }
  }
  await fetch("/result", {method: "POST", body: JSON.stringify(result)});
}
