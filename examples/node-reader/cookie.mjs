// Finds and opens the token in a Cookie header: the sections "Token", "Several
// cookies", "Record", and "Keys" of docs/FORMAT.md.

import { createHash, hkdfSync } from "node:crypto";
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { decode, invalid, Refused } from "./cbor.mjs";
import { unpack } from "./unpack.mjs";

const maxParts = 8;
const maxTries = 8;
const cookieLimit = 4093;
const skew = 5 * 60;
const longest = 400 * 24 * 3600;

function fromBase64url(text) {
  const bytes = Buffer.from(text, "base64url");
  return /^[A-Za-z0-9_-]*$/.test(text) && bytes.toString("base64url") === text ? bytes : undefined;
}

function derive(secret, purpose, length) {
  return Buffer.from(hkdfSync("sha256", secret, Buffer.alloc(0), `cookiesession v1 ${purpose}`, length));
}

// makeKey is the key of a secret. activates and retires are Unix milliseconds.
export function makeKey(secret, { activates = -Infinity, retires = Infinity } = {}) {
  return { id: derive(secret, "key id", 3).toString("hex"), seal: derive(secret, "seal", 32), activates, retires };
}

function parseKey(word, line) {
  const bytes = fromBase64url(word.slice("csk1_".length));
  const sum = (secret) => createHash("sha256").update(secret).digest().subarray(0, 4);
  if (bytes?.length !== 36 || !sum(bytes.subarray(0, 32)).equals(bytes.subarray(32))) {
    throw new Error(`line ${line}: a key that is not whole`);
  }
  return makeKey(bytes.subarray(0, 32));
}

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

// parseKeyring reads the text of a keyring. Errors quote nothing.
export function parseKeyring(text) {
  const keys = [];
  const revoked = new Set();
  text.replace(/^\ufeff/, "").split("\n").forEach((row, i) => {
    const line = i + 1;
    let key;
    let revoking = false;
    for (const word of row.replace(/#.*/, "").split(/[ \t,\r]+/).filter(Boolean)) {
      const [, name, value] = /^([^=]*)=(.*)$/.exec(word) ?? [];
      if (word.startsWith("csk1_")) {
        keys.push((key = parseKey(word, line)));
        revoking = false;
      } else if (word === "revoked") {
        key = undefined;
        revoking = true;
      } else if (revoking && /^[0-9a-f]{6}$/.test(word)) {
        revoked.add(word);
      } else if (name?.startsWith("x-") || name === "version") {
        // for a later version of this grammar
      } else if (key && (name === "activates" || name === "retires") && rfc3339.test(value)) {
        key[name] = Date.parse(value);
      } else {
        throw new Error(`line ${line}: a word that is not understood`);
      }
    }
  });
  return makeRing(keys.filter(({ id }) => !revoked.has(id)), revoked);
}

// makeRing ranks keys: the one that was activated last is the highest, and of
// equals the one that is listed first. Of revoked keys it has the ids.
export function makeRing(keys, revoked = new Set()) {
  const ring = new Map();
  for (const key of keys.toSorted((a, b) => (a.activates < b.activates ? 1 : a.activates > b.activates ? -1 : 0))) {
    if (ring.has(key.id)) throw new Error(`two keys of id ${key.id}`);
    ring.set(key.id, { ...key, rank: -ring.size });
  }
  if (ring.size === 0) throw new Error("no key");
  for (const id of revoked) ring.set(id, { revoked: true });
  return ring;
}

// readHeader is [name, value] of each field.
function readHeader(header) {
  return header.split(";").map((field) => field.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, ""))
    .filter((field) => field.includes("="))
    .map((field) => [field.slice(0, field.indexOf("=")), field.slice(field.indexOf("=") + 1)]);
}

// room is how many characters of a token n cookies hold.
function room(name, n) {
  let sum = cookieLimit - name.length;
  for (let i = 2; i <= n; i++) sum += cookieLimit - `${name}_${i}`.length - 8;
  return sum;
}

// isSecurecookie tells values of gorilla/securecookie by their beginning.
function isSecurecookie(value) {
  return /^[0-3][0-9]{9}\|/.test(fromBase64url(value.slice(0, 16))?.toString("latin1") ?? "");
}

// inspect judges a value of NAME by its first characters and its length.
function inspect(value, name, ring, now, most) {
  const head = fromBase64url(value.slice(0, 12));
  if (head?.length !== 9 || isSecurecookie(value)) return { reason: "invalid" };
  const version = head[0] & 15;
  const parts = (head[0] >> 4) + 1;
  if (version === 0) return { reason: "invalid" };
  if (version === 1) {
    const least = parts === 1 ? 54 : 12;
    if (parts > most || value.length > room(name, parts) || value.length < least) return { reason: "invalid" };
  }
  const key = ring.get(head.subarray(1, 4).toString("hex"));
  if (key?.revoked) return { reason: "revoked" };
  if (key === undefined || 1000 * now >= key.retires) return { reason: version > 1 ? "invalid" : "unknown-key", parts };
  if (version > 1) return { reason: "newer" };
  return { value, parts, key };
}

// join is the token of a first piece and the others, as bytes.
function join({ value, parts }, pieces, name) {
  const set = value.slice(12, 20);
  if (parts > 1 && set.length < 8) throw invalid("a first piece that is too short");
  let text = value;
  for (let i = 2; i <= parts; i++) {
    const piece = pieces.get(i).find((piece) => piece.startsWith(set));
    if (piece === undefined) throw invalid("a part is missing");
    text += piece.slice(set.length);
  }
  const bytes = text.length <= room(name, parts) ? fromBase64url(text) : undefined;
  if (bytes === undefined || bytes.length < 41) throw invalid("no token");
  return bytes;
}

// open is the content of the token of that name in a Cookie header, of which
// each character is a byte.
export function open(header, { ring, name, label = "", now, maxCookies = maxParts }) {
  const tries = [];
  const pieces = new Map(Array.from({ length: maxParts }, (_, i) => [i + 1, []]));
  let newer = false;
  let crowded = false;
  let first; // what is wrong with the first value of the name
  for (const [field, value] of readHeader(header)) {
    if (field === name) {
      const found = inspect(value, name, ring, now, maxCookies);
      if (found.reason === "newer") newer = true;
      else if (found.reason) first ??= tries.length === 0 ? found : undefined;
      else if (tries.length < maxTries) tries.push(found);
      else crowded = true;
      continue;
    }
    const i = field.startsWith(`${name}_`) ? Number(field.slice(name.length + 1)) : 0;
    if (i >= 2 && i <= maxParts && field === `${name}_${i}` && pieces.get(i).length < maxTries) pieces.get(i).push(value);
  }

  const nameBytes = Buffer.from(name, "latin1");
  const additional = Buffer.concat([Buffer.from([nameBytes.length >> 8, nameBytes.length & 255]), nameBytes, Buffer.from(label)]);
  let best;
  for (const attempt of tries) {
    try {
      const token = join(attempt, pieces, name);
      const record = xchacha20poly1305(attempt.key.seal, token.subarray(0, 24), additional).decrypt(token.subarray(24));
      const opened = { key: attempt.key, issued: token.readUInt32BE(4), record: Buffer.from(record) };
      const later = best && (opened.issued - best.issued || opened.key.rank - best.key.rank);
      if (best === undefined || later > 0) best = opened;
    } catch {
      first ??= { reason: "invalid" };
    }
  }
  if (best !== undefined) return { key: best.key.id, ...readRecord(best, now) };
  if (newer) throw new Refused("newer", "a token of a newer release");
  if (crowded) throw invalid(`none of the first ${maxTries} opens, and there are more`);
  if (first === undefined) throw new Refused("no-cookie");
  // A value whose parts are not there is most likely no token at all.
  const whole = Array.from({ length: (first.parts ?? 1) - 1 }, (_, i) => pieces.get(i + 2)).every((found) => found.length > 0);
  throw new Refused(whole ? first.reason : "invalid");
}

function readRecord({ record, issued }, now) {
  let at = 0;
  const take = (n) => {
    if (n > record.length - at) throw invalid("the record is cut off");
    at += n;
    return record.subarray(at - n, at);
  };
  const uvarint = () => {
    let v = 0;
    for (let i = 0; i < 5; i++) {
      const byte = take(1)[0];
      v += (byte & 127) * 2 ** (7 * i);
      if (byte < 128) {
        if ((byte === 0 && i > 0) || v >= 2 ** 32) break;
        return v;
      }
    }
    throw invalid("a number of the record");
  };

  const flags = take(1)[0];
  const has = (bit) => (flags >> bit & 1) === 1;
  if (has(7)) throw new Refused("newer", "flags of a newer release");
  if (has(6) && !has(5)) throw invalid("a pending binding that is not there");
  const age = uvarint();
  if (age > issued) throw invalid("an age above the time of issue");
  const id = has(1) ? take(16).toString("hex") : null;
  const lifetime = has(2) ? uvarint() : undefined;
  if (lifetime < 1 || lifetime > longest) throw invalid("a lifetime");
  const binding = has(5) ? take(16) : undefined;
  if (binding?.every((b) => b === 0)) throw invalid("a binding of zeros");
  let body = record.subarray(at);
  if (has(4)) {
    let end = body.length;
    while (end > 0 && body[end - 1] === 0) end--;
    if (end === 0 || body[end - 1] !== 0x80) throw invalid("padding without 0x80");
    body = body.subarray(0, end - 1);
  }
  if (body.length === 0) throw invalid("no body");

  if (issued > now + skew) throw invalid("issued in the future");
  const created = issued - age;
  if (now >= created + (lifetime ?? longest)) throw new Refused("expired");
  const item = has(0) ? unpack(body) : body;
  return {
    id, created, issued, lifetime, packed: has(0), browserSession: has(3),
    binding: binding?.toString("hex"), bindingPending: has(6), item, value: decode(item),
  };
}
