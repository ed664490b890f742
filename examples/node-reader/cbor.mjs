// Strict reader of the value's CBOR: the section "Value" of docs/FORMAT.md.

export class Refused extends Error {
  constructor(reason, detail) {
    super(detail ?? reason);
    this.reason = reason;
  }
}

export function invalid(detail) {
  return new Refused("invalid", detail);
}

export const maxDepth = 64;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function decodeText(bytes) {
  try {
    return utf8.decode(bytes);
  } catch {
    throw invalid("text that is not UTF-8");
  }
}

// readHead reads one head. next returns the next byte. Of a float, arg is its
// bits.
export function readHead(next) {
  const first = next();
  const major = first >> 5;
  const info = first & 31;
  if (info < 24) return { major, info, arg: BigInt(info), bytes: [first] };
  if (info > 27) throw invalid("an indefinite length or a reserved head");
  const bytes = [first];
  let arg = 0n;
  for (let i = 0; i < 1 << (info - 24); i++) {
    bytes.push(next());
    arg = (arg << 8n) | BigInt(bytes.at(-1));
  }
  const least = [24n, 1n << 8n, 1n << 16n, 1n << 32n][info - 24];
  if (major !== 7 && arg < least) throw invalid("a head that is not in shortest form");
  return { major, info, arg, bytes };
}

// makeHead is the head with that argument, as an array of bytes.
export function makeHead(major, arg) {
  const n = BigInt(arg);
  const size = n < 24n ? 0 : n < 1n << 8n ? 1 : n < 1n << 16n ? 2 : n < 1n << 32n ? 4 : 8;
  if (size === 0) return [(major << 5) | Number(n)];
  const bytes = [(major << 5) | (24 + Math.log2(size))];
  for (let i = size - 1; i >= 0; i--) bytes.push(Number((n >> BigInt(8 * i)) & 255n));
  return bytes;
}

// halfMantissa is the integer m of x = m * 2^(e-10) if a 16-bit float holds
// x > 0, or undefined.
function halfMantissa(x) {
  if (x > 65504) return undefined;
  const e = Math.max(Math.floor(Math.log2(x)), -14);
  const m = x / 2 ** (e - 10);
  return Number.isInteger(m) ? { m, e } : undefined;
}

// makeFloat is the shortest form of a number that is not negative.
export function makeFloat(x) {
  const view = new DataView(new ArrayBuffer(8));
  if (x === 0) return [0xf9, 0, 0];
  const half = halfMantissa(x);
  if (half !== undefined) {
    const bits = half.m < 1024 ? half.m : ((half.e + 15) << 10) | (half.m - 1024);
    return [0xf9, bits >> 8, bits & 255];
  }
  if (Math.fround(x) === x) {
    view.setFloat32(0, x);
    return [0xfa, ...new Uint8Array(view.buffer, 0, 4)];
  }
  view.setFloat64(0, x);
  return [0xfb, ...new Uint8Array(view.buffer)];
}

function readFloat(info, arg) {
  const view = new DataView(new ArrayBuffer(8));
  if (info === 25) {
    const bits = Number(arg);
    const sign = bits >> 15 ? -1 : 1;
    const e = (bits >> 10) & 31;
    const m = bits & 1023;
    if (e < 31) return sign * (e === 0 ? m * 2 ** -24 : (m + 1024) * 2 ** (e - 25));
    if (m === 0) return sign * Infinity;
    if (bits !== 0x7e00) throw invalid("a NaN other than f97e00");
    return NaN;
  }
  let x;
  if (info === 26) {
    view.setUint32(0, Number(arg));
    x = view.getFloat32(0);
  } else {
    view.setBigUint64(0, arg);
    x = view.getFloat64(0);
  }
  const short = !Number.isFinite(x) || x === 0 || halfMantissa(Math.abs(x)) !== undefined ||
    (info === 27 && Math.fround(x) === x);
  if (short) throw invalid("a float that is not in shortest form");
  return x;
}

// Integers are BigInts, floats numbers, byte strings Buffers, and texts
// strings. These are the other values:
export class Tagged {
  constructor(tag, content) {
    this.tag = Number(tag);
    this.content = content;
  }
}

export class Entries {
  constructor(entries) {
    this.entries = entries; // [key, value], in order
  }
}

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
    this.next = () => this.take(1)[0];
  }

  take(n) {
    if (n > this.bytes.length - this.at) throw invalid("the item is cut off");
    this.at += n;
    return this.bytes.subarray(this.at - n, this.at);
  }

  item(level) {
    const { major, info, arg } = readHead(this.next);
    if (major >= 4 && major <= 6 && level > maxDepth) throw invalid("nested too deep");
    switch (major) {
      case 0:
        return arg;
      case 1:
        return -1n - arg;
      case 2:
        return Buffer.from(this.take(Number(arg)));
      case 3:
        return decodeText(this.take(Number(arg)));
      case 4: {
        const list = [];
        for (let i = 0n; i < arg; i++) list.push(this.item(level + 1));
        return list;
      }
      case 5:
        return this.map(arg, level);
      case 6:
        return new Tagged(arg, this.item(level + 1));
    }
    if (info >= 25) return readFloat(info, arg);
    if (info < 20 || info > 22) throw invalid("a simple value that is none of false, true, null");
    return [false, true, null][info - 20];
  }

  map(length, level) {
    const entries = [];
    let last;
    for (let i = 0n; i < length; i++) {
      const start = this.at;
      const key = this.item(level + 1);
      const encoded = this.bytes.subarray(start, this.at);
      if (last !== undefined && Buffer.compare(last, encoded) >= 0) throw invalid("map keys out of order");
      last = encoded;
      const value = this.item(level + 1);
      entries.push([key, value]);
    }
    return new Entries(entries);
  }
}

// decode reads all of bytes as one item. First all of it has to be
// deterministic CBOR. Then tags and map keys are judged from front to back, a
// tag before its content: what is wrong first is the reason.
export function decode(bytes) {
  const reader = new Reader(bytes);
  const value = reader.item(1);
  if (reader.at < bytes.length) throw invalid("bytes after the item");
  judge(value);
  return value;
}

const range = (first, last) => Array.from({ length: last - first + 1 }, (_, i) => first + i);
const keyTags = new Set([1, ...range(38515, 38516), ...range(38518, 38530)]);
const textTags = new Set([37, 23, 21, 38517, 38516]);

const isTag = (v, tags) => v instanceof Tagged && tags.has(v.tag);
const isNewer = (v) => v instanceof Tagged && v.tag >= 38552 && v.tag <= 38578;

// need refuses v if it is not what stands there. It is the work of a newer
// release if it has a tag that is not known yet.
function need(v, is) {
  if (isNewer(v)) throw new Refused("newer", "a tag of a newer release");
  if (!is(v)) throw invalid("a value that does not fit its tag, or its place");
}

function judge(v) {
  if (isInt(v)) need(v, () => v >= -(1n << 63n));
  else if (Array.isArray(v)) v.forEach(judge);
  else if (v instanceof Entries) judgeMap(v, judgeKey, judge);
  else if (v instanceof Tagged) {
    const content = contents.get(v.tag);
    need(v, () => content !== undefined);
    content(v.content);
  }
}

function judgeMap({ entries }, key, value) {
  for (const entry of entries) {
    key(entry[0]);
    value(entry[1]);
  }
  // They are in order, so all that may be equal are 0 and -0, with or without
  // a tag.
  const zeros = entries.map(([key]) => (key instanceof Tagged && key.tag === 38529 ? [key.content] : key));
  for (const find of [(key) => key === 0, (key) => Array.isArray(key) && key[0] === 0]) {
    if (zeros.filter(find).length > 1) throw invalid("0 and -0 as map keys");
  }
}

function judgeKey(key) {
  need(key, () => !Array.isArray(key) && !(key instanceof Entries) && !Number.isNaN(key));
  need(key, () => !(key instanceof Tagged) || keyTags.has(key.tag));
  judge(key);
  need(key, () => !(key instanceof Tagged) || !Number.isNaN(key.content));
}

// Each of these refuses what does not fit.
const leaf = (is) => (v) => need(v, is);
const isInt = (v) => typeof v === "bigint";
const within = (low, high) => (v) => {
  need(v, isInt);
  need(v, () => v >= low && v <= high);
};
const signed = (bits) => within(-(1n << BigInt(bits - 1)), (1n << BigInt(bits - 1)) - 1n);
const unsigned = (bits) => within(0n, (1n << BigInt(bits)) - 1n);
const isFloat = (v) => typeof v === "number";
const isFloat32 = (v) => isFloat(v) && (Number.isNaN(v) || Math.fround(v) === v);
const isBytes = (v) => Buffer.isBuffer(v);
const bytes = leaf(isBytes);
const text = (v) => {
  need(v, () => typeof v === "string" || isTag(v, textTags));
  judge(v);
};
const textKey = (v) => {
  need(v, () => typeof v === "string" || isTag(v, new Set([38516])));
  judge(v);
};
const listOf = (element) => (v) => {
  if (v === null) return;
  need(v, Array.isArray);
  v.forEach(element);
};
const mapOf = (value, key = textKey) => (v) => {
  if (v === null) return;
  need(v, () => v instanceof Entries);
  judgeMap(v, key, value);
};
const nothing = leaf((v) => v === null);

const firstMilli = -62167219200000n; // 0000-01-01
const lastMilli = 253402300799999n; // 9999-12-31T23:59:59.999
const second = within(-62135596800n, 253402300799n); // the years 1 to 9999

function time(length) {
  return (v) => {
    need(v, () => Array.isArray(v) && v.length === length);
    v.forEach(leaf(isInt));
    second(v[0]);
    within(length === 2 ? 1n : 0n, 999999999n)(v[1]);
    if (length === 3) need(v[2], () => v[2] !== 0n && v[2] > -86400n && v[2] < 86400n);
  };
}

function dotted(v) {
  if (!Array.isArray(v)) return bytes(v);
  need(v, () => v.length >= 2);
  v.forEach(bytes);
}

function registered(v) {
  need(v, () => Array.isArray(v) && v.length === 2 && typeof v[0] === "string" && v[0] !== "");
  // Nobody knows the name here, so the value may be anything.
}

const contents = new Map([
  [37, leaf((v) => isBytes(v) && v.length === 16)],
  [23, bytes],
  [21, dotted],
  [38517, within(firstMilli, lastMilli)],
  [38516, leaf((v) => isBytes(v) && !isUTF8(v))],
  [1, second],
  [38518, time(2)],
  [38515, registered],
  [38551, time(3)],
  [38519, signed(8)], [38520, signed(16)], [38521, signed(32)], [38522, signed(64)],
  [38523, unsigned(64)], [38524, unsigned(8)], [38525, unsigned(16)], [38526, unsigned(32)],
  [38527, unsigned(63)], [38528, unsigned(64)], [38529, leaf(isFloat32)], [38530, signed(64)],
  [38531, listOf(text)], [38532, listOf(signed(64))],
  [38533, mapOf(text)], [38534, mapOf(signed(64))],
  [38535, (v) => {
    mapOf(judge, judgeKey)(v);
    for (const [key] of v?.entries ?? []) textKey(key);
  }],
  [38536, nothing], [38537, nothing], [38538, nothing],
  [38539, listOf(signed(8))], [38540, listOf(signed(16))], [38541, listOf(signed(32))], [38542, listOf(signed(64))],
  [38543, listOf(unsigned(64))], [38544, listOf(unsigned(16))], [38545, listOf(unsigned(32))], [38546, listOf(unsigned(64))],
  [38547, listOf(unsigned(64))], [38548, listOf(leaf(isFloat32))], [38549, listOf(leaf(isFloat))],
  [38550, listOf(leaf((v) => typeof v === "boolean"))],
]);

function isUTF8(bytes) {
  try {
    utf8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

// toJSON writes a value as JSON: bytes are base64, times RFC 3339, and types
// are left out.
export function toJSON(v) {
  if (isInt(v)) return String(v);
  if (isFloat(v)) return Number.isFinite(v) ? (Object.is(v, -0) ? "-0" : JSON.stringify(v)) : JSON.stringify(String(v));
  if (Buffer.isBuffer(v)) return JSON.stringify(v.toString("base64"));
  if (Array.isArray(v)) return `[${v.map(toJSON).join(",")}]`;
  if (v instanceof Entries) return `{${v.entries.map(([key, value]) => `${keyToJSON(key)}:${toJSON(value)}`).join(",")}}`;
  if (v instanceof Tagged) return taggedToJSON(v.tag, v.content);
  return JSON.stringify(v);
}

function keyToJSON(key) {
  const json = toJSON(key);
  return json.startsWith('"') ? json : JSON.stringify(json);
}

function taggedToJSON(tag, v) {
  switch (tag) {
    case 37:
      return JSON.stringify(uuid(v));
    case 23:
      return JSON.stringify(v.toString("hex"));
    case 21:
      return JSON.stringify([v].flat().map((part) => part.toString("base64url")).join("."));
    case 38517:
      return JSON.stringify(milliText(v));
    case 38516:
      return JSON.stringify(v.toString("utf8")); // U+FFFD for what is not UTF-8
    case 38515:
      return toJSON(v[1]);
    case 1:
      return rfc3339(v, 0n, 0n);
    case 38518:
    case 38551:
      return rfc3339(v[0], v[1], v[2] ?? 0n);
  }
  return toJSON(v);
}

export function uuid(bytes) {
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function milliText(milli) {
  return new Date(Number(milli)).toISOString().replace(/^\+00/, "");
}

function rfc3339(seconds, nanos, offset) {
  const local = (seconds + offset) * 1000n;
  if (local < firstMilli || local > lastMilli) return String(seconds);
  const fraction = nanos === 0n ? "" : "." + String(nanos).padStart(9, "0").replace(/0+$/, "");
  const minutes = Math.trunc(Math.abs(Number(offset)) / 60);
  const two = (n) => String(n).padStart(2, "0");
  const zone = offset === 0n ? "Z" : `${offset < 0n ? "-" : "+"}${two(Math.trunc(minutes / 60))}:${two(minutes % 60)}`;
  return JSON.stringify(milliText(local).replace(/\.000Z$/, "") + fraction + zone);
}
