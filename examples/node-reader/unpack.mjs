// Unpacks a body: the section "Packed bodies" of docs/FORMAT.md. The result is
// the CBOR of the item, which the caller reads strictly.

import { readFileSync } from "node:fs";
import { decode, decodeText, invalid, makeFloat, makeHead, maxDepth, readHead, uuid } from "./cbor.mjs";

const tables = JSON.parse(readFileSync(new URL("../../docs/packing-v1.json", import.meta.url)));

const maxItem = 64 << 10;
const keyModels = new Map(tables.keys.map(({ key, model }) => [key, model]));
const keyTexts = tables.keys.map(({ key }) => Buffer.from(key));
const phrases = tables.phrases.map((phrase) => Buffer.from(phrase));

class Bits {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  bit() {
    const byte = this.bytes[this.at >> 3];
    if (byte === undefined) throw invalid("the packed body is cut off");
    return (byte >> (7 - (this.at++ & 7))) & 1;
  }

  // number reads up to 53 bits.
  number(n) {
    let v = 0;
    for (let i = 0; i < n; i++) v = 2 * v + this.bit();
    return v;
  }

  big(n) {
    let v = 0n;
    for (let i = 0; i < n; i++) v = (v << 1n) | BigInt(this.bit());
    return v;
  }

  take(n) {
    if (8 * n > 8 * this.bytes.length - this.at) throw invalid("the packed body is cut off");
    return Buffer.from(Array.from({ length: n }, () => this.number(8)));
  }

  symbol(code) {
    let c = 0;
    let first = 0;
    for (const symbols of code) {
      c = (c << 1) | this.bit();
      first <<= 1;
      if (c - first < symbols.length) return symbols[c - first];
      first += symbols.length;
    }
    throw invalid("a code that is not complete");
  }

  end() {
    while (this.at & 7) if (this.bit() !== 0) throw invalid("bits after the packed item");
    if (this.at < 8 * this.bytes.length) throw invalid("bytes after the packed item");
  }
}

function byteClass(b) {
  const is = (text) => text.includes(String.fromCharCode(b));
  if (b >= 0x61 && b <= 0x7a) return 1;
  if (b >= 0x41 && b <= 0x5a) return 2;
  if (b >= 0x30 && b <= 0x39) return 3;
  if (b === 0x20) return 4;
  if (is("/=?&%")) return 5;
  if (is("-_.:@+")) return 6;
  if (b < 0x80) return 7;
  if (b < 0xc0) return 8;
  if (b < 0xcd) return 9;
  if (b < 0xd0) return 10;
  if (b < 0xd5) return 11;
  if (b < 0xd8) return 12;
  if (b < 0xe0) return 13;
  if (b < 0xe2) return 14;
  return 15;
}
const classes = Array.from({ length: 256 }, (_, b) => byteClass(b));

// contextAfter returns the context after a byte of class c.
function contextAfter(context, c) {
  if (context % 8 !== 0) return 16 * (context % 16) + c;
  if (context % 16 === 8 && c === 8) return context - 8;
  return context - (context % 16) + c;
}

const two = (n) => String(n).padStart(2, "0");
const textItem = (bytes) => Buffer.concat([Buffer.from(makeHead(3, bytes.length)), bytes]);
const isDigits = (bytes) => bytes.length > 0 && bytes.every((b) => b >= 0x30 && b <= 0x39);

// A node is an array ({items}), a map ({entries}), or any other value with its
// tags ({bytes}). size is what it adds to the item.
class Unpacker {
  constructor(body) {
    this.bits = new Bits(body);
    this.size = 0;
  }

  grow(n) {
    this.size += n;
    if (this.size > maxItem) throw invalid("the item is too large");
  }

  leaf(bytes) {
    this.grow(bytes.length);
    return { bytes: Buffer.from(bytes), size: bytes.length };
  }

  // value reads a value that may have a previous one. If like is set, that one
  // lends its structure only.
  value(at, previous, like) {
    if (like && previous?.bytes) previous = undefined;
    if (previous && this.bits.bit() === 1) {
      if (previous.items) return this.array(at, previous.items.length, previous.items, like);
      if (previous.entries) return this.sameMap(at, previous.entries, like);
      this.grow(previous.size);
      return previous;
    }
    return this.symbol(at, previous, like);
  }

  // symbol reads a value from its symbol on. at is where it stands: {model,
  // level, json}.
  symbol(at, previous, like, underTag) {
    const symbol = tables.values[this.bits.symbol(tables.valueCodes[at.model])];
    switch (symbol.kind) {
      case "head":
        return this.head(at, Buffer.from(symbol.bytes, "hex"), previous, like, underTag);
      case "word":
        return this.leaf(textItem(Buffer.from(symbol.text)));
      case "text":
        return this.leaf(textItem(this.text(symbol.book)));
      case "form":
        return this.leaf(textItem(this.form(symbol.symbol)));
      case "time":
        return this.leaf(textItem(this.time(tables.times[symbol.form])));
      case "bcrypt":
        return this.leaf(textItem(this.bcrypt()));
      case "json":
        return this.leaf(textItem(this.json(at, tables.layouts[symbol.layout])));
      case "json-bytes": {
        const text = this.json(at, tables.layouts[symbol.layout]);
        return this.leaf(Buffer.concat([Buffer.from(makeHead(2, text.length)), text]));
      }
      case "int": {
        const n = symbol.base + this.bits.number(symbol.bits);
        if (symbol.bytes === "" && n < 24) throw invalid("an int below 24");
        return this.leaf([...Buffer.from(symbol.bytes, "hex"), ...makeHead(0, n)]);
      }
      case "whole":
        return this.leaf(makeFloat(symbol.base + this.bits.number(symbol.bits)));
      case "hundredths": {
        const n = 2 ** symbol.bits + this.bits.number(symbol.bits);
        if (n % 25 === 0) throw invalid("hundredths that have a shorter form");
        return this.leaf(makeFloat(n / 100));
      }
    }
    throw new Error(`a symbol of kind ${symbol.kind}`);
  }

  head(at, bytes, previous, like, underTag) {
    let taken = 0;
    const next = () => (taken < bytes.length ? bytes[taken++] : this.bits.number(8));
    const tags = [];
    let level = at.level;
    for (;;) {
      const head = readHead(next);
      const count = Number(head.arg);
      if (head.major >= 4 && head.major <= 6 && level > maxDepth) throw invalid("nested too deep");
      const here = { ...at, level };
      let node;
      switch (head.major) {
        case 6:
          tags.push(...head.bytes);
          underTag = head.arg;
          level++;
          this.grow(head.bytes.length);
          if (taken < bytes.length) continue;
          node = this.symbol({ ...at, level }, undefined, false, underTag);
          break;
        case 2:
        case 3:
          if (count > maxItem) throw invalid("the item is too large");
          node = this.leaf(Buffer.concat([Buffer.from(head.bytes), this.bits.take(count)]));
          break;
        case 4:
          if (underTag === 21n) here.model = 1;
          node = this.array(here, count, tags.length === 0 ? previous?.items : undefined, like);
          break;
        case 5:
          node = this.map(here, count);
          break;
        default:
          node = this.leaf(head.bytes);
      }
      if (tags.length === 0) return node;
      if (at.json) throw invalid("a tag in JSON");
      const all = Buffer.concat([Buffer.from(tags), flatten(node)]);
      return { bytes: all, size: all.length };
    }
  }

  array(at, count, previous, like) {
    if (at.level > maxDepth) throw invalid("nested too deep");
    const before = this.size;
    this.grow(makeHead(4, count).length);
    if (count > maxItem) throw invalid("the item is too large");
    const items = [];
    const inner = { ...at, level: at.level + 1 };
    for (let i = 0; i < count; i++) {
      const there = previous?.[i];
      items.push(there ? this.value(inner, there, like) : this.value(inner, items[i - 1], false));
    }
    return { items, size: this.size - before };
  }

  sameMap(at, previous, like) {
    if (at.level > maxDepth) throw invalid("nested too deep");
    const before = this.size;
    this.grow(makeHead(5, previous.length).length);
    const entries = previous.map(({ key, value }) => {
      this.grow(key.bytes.length);
      return { key, value: this.value(this.entry(at, key), value, like) };
    });
    return { entries, size: this.size - before };
  }

  map(at, count) {
    const before = this.size;
    this.grow(makeHead(5, count).length);
    const entries = [];
    const seen = new Set();
    let last;
    let lastNumber;
    for (let i = 0; i < count; i++) {
      const key = this.key(at, last);
      this.grow(key.bytes.length);
      if (at.json) {
        const name = decodeText(key.text);
        if (seen.has(name)) throw invalid("a key twice in JSON");
        seen.add(name);
      }
      const value = this.value(this.entry(at, key), key.isNumber ? lastNumber : undefined, true);
      entries.push({ key, value });
      if (key.isNumber) lastNumber = value;
      last = key;
    }
    return { entries, size: this.size - before };
  }

  // entry is where the value of a key stands.
  entry(at, key) {
    const model = (key.text && keyModels.get(key.text.toString())) ?? (key.isNumber ? at.model : 0);
    return { ...at, model, level: at.level + 1 };
  }

  key(at, last) {
    const ofText = (text) => ({ text, bytes: textItem(text), isNumber: isDigits(text) });
    const ofNumber = (number) => ({ number, bytes: Buffer.from(makeHead(0, number)), isNumber: true });
    if (last?.number !== undefined) {
      const symbol = this.valueSymbol(2);
      if (symbol.kind !== "head" || symbol.bytes !== "") {
        const step = BigInt(this.number(symbol));
        const number = last.number + step;
        if (step === 0n || number >= 1n << 64n) throw invalid("a step of a key");
        return ofNumber(number);
      }
    }
    let code = 0;
    if (at.json) code = 4;
    else if (last?.text) code = last.text.length >= 10 ? 3 : last.text.length >= 6 ? 2 : last.text.length >= 1 ? 1 : 0;
    const n = this.bits.symbol(tables.keyCodes[code]);
    if (n > 2) return ofText(keyTexts[n - 3]);
    if (n === 0) return ofText(this.text(2));
    if (n === 2) return ofText(Buffer.from(String(this.number(this.valueSymbol(3)))));
    // The key's size is counted with the entry.
    const before = this.size;
    const node = this.value({ model: 0, level: at.level + 1, json: at.json });
    this.size = before;
    const bytes = flatten(node);
    if (bytes[0] >> 5 === 3) return ofText(decodedText(bytes));
    if (at.json) throw invalid("a key in JSON that is no text");
    if (bytes[0] >> 5 === 0) return ofNumber(decode(bytes));
    return { bytes, isNumber: false };
  }

  valueSymbol(model) {
    return tables.values[this.bits.symbol(tables.valueCodes[model])];
  }

  number(symbol) {
    if (symbol.kind === "int" && symbol.bytes === "") {
      return symbol.base + this.bits.number(symbol.bits);
    }
    const n = symbol.kind === "head" && symbol.bytes.length === 2 ? parseInt(symbol.bytes, 16) : 24;
    if (n >= 24) throw invalid("a symbol that is no number");
    return n;
  }

  // text reads symbols up to the end of the text.
  text(book) {
    let text = Buffer.alloc(64);
    let length = 0;
    let context = 0;
    const add = (bytes) => {
      if (length + bytes.length > maxItem) throw invalid("the item is too large");
      if (length + bytes.length > text.length) text = Buffer.concat([text, Buffer.alloc(length + bytes.length)]);
      text.set(bytes, length);
      length += bytes.length;
      for (const b of bytes) context = contextAfter(context, classes[b]);
    };
    for (;;) {
      const n = this.bits.symbol(tables.textCodes[tables.contexts[book][context]]);
      if (n < 256) add([n]);
      else if (n === 256) return text.subarray(0, length);
      else if (n === 257) add([this.bits.number(8)]);
      else if (n > 270) add(phrases[n - 271]);
      else add(this.form(n));
    }
  }

  // form reads what belongs to one of the symbols 258 to 270.
  form(n) {
    switch (n) {
      case 258:
        return Buffer.from(uuid(this.bits.take(16)));
      case 259:
        return Buffer.from(uuid(this.bits.take(16)).toUpperCase());
      case 260:
        return Buffer.from(this.date());
      case 261:
        return Buffer.from(this.clock());
      case 262:
      case 263: {
        const size = this.length(n - 255) + 6;
        if (size % 3 === 0) throw invalid("base64 without an equals sign");
        const text = this.bits.take(size).toString("base64");
        return Buffer.from(n === 263 ? text : text.replaceAll("+", "-").replaceAll("/", "_"));
      }
    }
    const { chars, least } = tables.alphabets[n - 264];
    return this.characters(chars, this.length(n - 264) + least);
  }

  length(code) {
    const n = this.bits.symbol(tables.lengthCodes[code]);
    return n < 63 ? n : n + this.bits.number(12);
  }

  characters(chars, length) {
    const base = BigInt(chars.length);
    let full = 0;
    while (base ** BigInt(full + 1) <= 1n << 63n) full++;
    const text = [];
    while (text.length < length) {
      const k = Math.min(full, length - text.length);
      const limit = base ** BigInt(k);
      let v = this.bits.big((limit - 1n).toString(2).length);
      if (v >= limit) throw invalid("characters that are none");
      const group = [];
      for (let i = 0; i < k; i++, v /= base) group.unshift(chars[Number(v % base)]);
      text.push(...group);
    }
    return Buffer.from(text.join(""));
  }

  date() {
    return new Date(Date.UTC(2012, 0, 1 + this.bits.number(13))).toISOString().slice(0, 10);
  }

  clock() {
    const s = this.bits.number(17);
    if (s >= 86400) throw invalid("a time of day");
    return `${two(Math.trunc(s / 3600))}:${two(Math.trunc(s / 60) % 60)}:${two(s % 60)}`;
  }

  time(form) {
    let text = this.date() + form.separator + this.clock();
    if (form.decimals > 0) {
      const n = this.bits.number(form.decimals === 3 ? 10 : 20);
      if (n >= 10 ** form.decimals) throw invalid("a fraction of a second");
      text += "." + String(n).padStart(form.decimals, "0");
    }
    if (form.zulu) text += "Z";
    if (form.offset) {
      const quarters = this.bits.number(6);
      const sign = this.bits.bit() === 1 ? "-" : "+";
      text += `${sign}${two(Math.trunc(quarters / 4))}:${two((quarters % 4) * 15)}`;
    }
    return Buffer.from(text);
  }

  bcrypt() {
    const letter = "aby"[this.bits.number(2)];
    const whole = this.bits.bit() === 1;
    const cost = this.bits.number(5);
    if (letter === undefined || cost < 4) throw invalid("a letter or a cost of bcrypt");
    const alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const usual = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const base64 = (n) => this.bits.take(n).toString("base64").replaceAll("=", "")
      .replace(/./g, (c) => alphabet[usual.indexOf(c)]);
    return Buffer.from(`$2${letter}$${two(cost)}$${base64(16)}${whole ? base64(23) : ""}`);
  }

  // json reads a value and writes it as text.
  json(at, layout) {
    const before = this.size;
    this.size = 0; // the value inside has a limit of its own
    const node = this.value({ model: 0, level: at.level, json: true });
    if (node.bytes) throw invalid("JSON that is neither an array nor an object");
    const text = writeJSON(node, layout);
    this.size = before;
    return Buffer.from(text);
  }
}

function flatten(node) {
  if (node.bytes) return node.bytes;
  if (node.items) return Buffer.concat([Buffer.from(makeHead(4, node.items.length)), ...node.items.map(flatten)]);
  const entries = node.entries.flatMap(({ key, value }) => [key.bytes, flatten(value)]);
  return Buffer.concat([Buffer.from(makeHead(5, node.entries.length)), ...entries]);
}

function decodedText(bytes) {
  let at = 0;
  readHead(() => bytes[at++]);
  return bytes.subarray(at);
}

function writeJSON(root, layout) {
  const text = [];
  let length = 0;
  const put = (part) => {
    length += part.length;
    if (length > maxItem) throw invalid("the item is too large");
    text.push(part);
  };
  const line = (level) => layout.indent > 0 && put("\n" + " ".repeat(layout.indent * level));
  const write = (node, level) => {
    if (node.bytes) return put(leafJSON(node.bytes, layout));
    const [parts, open, close] = node.items ? [node.items, "[", "]"] : [node.entries, "{", "}"];
    put(open);
    parts.forEach((part, i) => {
      if (i > 0) put(layout.comma);
      line(level + 1);
      if (part.key) put(quote(decodeText(part.key.text), layout) + layout.colon);
      write(part.key ? part.value : part, level + 1);
    });
    if (parts.length > 0) line(level);
    put(close);
  };
  write(root, 0);
  return text.join("");
}

function leafJSON(bytes, layout) {
  const v = decode(bytes);
  if (v === null || typeof v === "boolean" || typeof v === "bigint") return String(v);
  if (typeof v === "string") return quote(v, layout);
  if (typeof v !== "number") throw invalid("a value that is not JSON's");
  const n = Math.round(v * 100);
  if (!(n > 0 && n < 2 ** 50) || n / 100 !== v || n % 100 === 0) throw invalid("a float in JSON");
  const fraction = two(n % 100).replace(/0$/, "");
  return `${Math.trunc(n / 100)}.${fraction}`;
}

const short = { "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\" };

function quote(text, layout) {
  let quoted = "";
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    const unit = text.charCodeAt(i);
    if (short[c]) quoted += short[c];
    else if (c === "/" && layout.slash) quoted += "\\/";
    else if (unit < 0x20 || (layout.ascii && unit > 0x7e) || (layout.html && "<>&\u2028\u2029".includes(c)) ||
      (layout.quotes && "='".includes(c))) quoted += "\\u" + unit.toString(16).padStart(4, "0");
    else quoted += c;
  }
  return `"${quoted}"`;
}

// unpack is the item of a packed body.
export function unpack(body) {
  const unpacker = new Unpacker(body);
  const node = unpacker.value({ model: 0, level: 1, json: false });
  unpacker.bits.end();
  const item = flatten(node);
  if (item.length > maxItem) throw invalid("the item is too large");
  return item;
}
