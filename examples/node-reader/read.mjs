// Reads the session in a Cookie header, see README.md.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Refused, toJSON } from "./cbor.mjs";
import { makeKey, makeRing, open, parseKeyring } from "./cookie.mjs";

const usage = `usage: node read.mjs --keyring FILE --name NAME [--label L] [--max-cookies N] [--now UNIX] <HEADER
       node read.mjs --vectors FILE`;

// quote leaves out what is not there.
function quote(fields) {
  const shown = Object.entries(fields).filter(([, value]) => value !== undefined);
  return `{${shown.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`;
}

function describe({ value, id, created, issued, key }) {
  return { value: toJSON(value), id: JSON.stringify(id), created, issued, key: JSON.stringify(key) };
}

// attempt is a line of output, and whether it is a session.
function attempt(read) {
  try {
    return [quote(read()), true];
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return [JSON.stringify({ error: error.reason }), false];
  }
}

function readVector(vector) {
  const { name, label, issued_at: issued, now = issued, header = `${name}=${vector.token}` } = vector;
  const ring = vector.keyring ? parseKeyring(vector.keyring) : makeRing([makeKey(Buffer.from(vector.secret, "hex"))]);
  const opened = open(header, { ring, name, label, now });
  const { item, packed, lifetime, browserSession, binding, bindingPending } = opened;
  const content = vector.item_sha256
    ? { item_sha256: JSON.stringify(createHash("sha256").update(item).digest("hex")) }
    : { item: JSON.stringify(item.toString("hex")) };
  return {
    ...describe(opened), ...content, packed, lifetime,
    browser_session: browserSession, binding: JSON.stringify(binding), binding_pending: bindingPending,
  };
}

function main() {
  const text = { type: "string" };
  const options = { keyring: text, name: text, label: text, "max-cookies": text, now: text, vectors: text };
  const { values } = parseArgs({ options });
  if (values.vectors) {
    const { defaults, vectors } = JSON.parse(readFileSync(values.vectors));
    for (const vector of vectors) {
      console.log(attempt(() => readVector({ ...defaults, ...vector }))[0]);
    }
    return 0;
  }
  const maxCookies = Number(values["max-cookies"] ?? 8);
  const now = Number(values.now ?? Math.floor(Date.now() / 1000));
  if (!values.keyring || !values.name || !(maxCookies >= 1 && maxCookies <= 8) || !Number.isInteger(now)) {
    console.error(usage);
    return 2;
  }
  const ring = parseKeyring(readFileSync(values.keyring, "utf8"));
  const header = readFileSync(0, "latin1");
  const [line, opened] = attempt(() => describe(open(header, { ring, name: values.name, label: values.label, now, maxCookies })));
  console.log(line);
  return opened ? 0 : 1;
}

process.exitCode = main();
