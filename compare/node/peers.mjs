// Seals each session by the peers that run on Node, and opens it again.
//
// Standard input: {"milliseconds": N, "sets": [{"name": ..., "sessions": [...]}]}.
// Standard output: the characters of each session in each form, and the median
// time of sealing and opening one, from rounds of N milliseconds in all.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { text } from 'node:stream/consumers'

import secureSession from '@fastify/secure-session'
import { decode, encode } from '@auth/core/jwt'
import cookieSession from 'cookie-session'
import Fastify from 'fastify'
import { H3, useSession } from 'h3'
import { sealData, unsealData } from 'iron-session'
import { EncryptJWT, jwtDecrypt } from 'jose'

const name = '__Host-session'
const days = 14
const password = randomBytes(32).toString('base64')

// Claims that the forms add to a session, and may overwrite in it.
const added = ['iat', 'exp', 'jti', '__ts']

const ironSession = {
  name: 'iron-session',
  package: 'iron-session',
  seal: (data) => sealData(data, { password, ttl: days * 86400 }),
  open: (value) => unsealData(value, { password, ttl: days * 86400 }),
}

const key = randomBytes(32)

const joseForm = {
  name: 'JWE, jose, dir + A256GCM',
  package: 'jose',
  seal: (data) =>
    new EncryptJWT(data)
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .setIssuedAt()
      .setExpirationTime(`${days}d`)
      .encrypt(key),
  open: async (value) => (await jwtDecrypt(value, key)).payload,
}

const authJS = {
  name: "Auth.js (next-auth's form)",
  package: '@auth/core',
  seal: (data) => encode({ token: data, secret: password, salt: name, maxAge: days * 86400 }),
  open: (value) => decode({ token: value, secret: password, salt: name }),
}

// setCookies returns the characters of the values that a response sets.
const setCookies = (lines) => lines.map((line) => line.slice(line.indexOf('=') + 1).split(';')[0].length).reduce((a, b) => a + b)

async function fastifyForm() {
  const fastify = Fastify()
  await fastify.register(secureSession, { key, cookieName: name, expiry: days * 86400 })
  fastify.post('/', async (request) => {
    for (const [name, value] of Object.entries(request.body)) request.session.set(name, value)
    return 'ok'
  })
  return {
    name: '@fastify/secure-session',
    package: '@fastify/secure-session',
    seal: (data) => fastify.encodeSecureSession(fastify.createSecureSession({ ...data })), // it writes to its argument
    open: (value) => fastify.decodeSecureSession(value).data(),
    // In a cookie, characters of base64 are escaped.
    chars: async (data) => setCookies([(await fastify.inject({ method: 'POST', url: '/', payload: data })).headers['set-cookie']]),
  }
}

const h3Form = {
  name: 'h3 sealed sessions',
  package: 'h3',
  note: 'through a handler',
  chars: async (data) => {
    const app = new H3()
    app.get('/', async (event) => {
      const session = await useSession(event, { password, name, maxAge: days * 86400 })
      await session.update(data)
      return 'ok'
    })
    return setCookies((await app.request('/')).headers.getSetCookie())
  },
}

const cookieSessionForm = {
  name: 'cookie-session',
  package: 'cookie-session',
  note: 'signed only: anybody can read it',
  chars: (data) => {
    const request = new IncomingMessage(new Socket())
    const response = new ServerResponse(request)
    cookieSession({ name: 'session', keys: [password] })(request, response, () => {})
    request.session = data
    response.writeHead(200)
    return setCookies(response.getHeader('set-cookie'))
  },
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[sorted.length >> 1]
}

// time returns the median nanoseconds of one call, over rounds of all inputs.
async function time(inputs, call, milliseconds) {
  const rounds = []
  const end = performance.now() + milliseconds
  while (rounds.length < 3 || performance.now() < end) {
    const start = performance.now()
    for (const input of inputs) await call(input)
    rounds.push(((performance.now() - start) * 1e6) / inputs.length)
  }
  return median(rounds)
}

// comparable returns a session as its text would be read, without the claims
// that forms add.
const comparable = (data) => JSON.parse(JSON.stringify(data, (key, value) => (added.includes(key) ? undefined : value)))

async function measure(form, sessions, milliseconds) {
  const result = { chars: [] }
  for (const data of sessions) result.chars.push(await (form.chars ?? charsOf(form))(structuredClone(data)))
  if (!form.seal) return result
  const sealed = []
  for (const data of sessions) {
    const value = await form.seal(structuredClone(data))
    assert.deepEqual(comparable(await form.open(value)), comparable(data), `${form.name} has changed a session`)
    sealed.push(value)
  }
  result.seal = await time(sessions, form.seal, milliseconds)
  result.open = await time(sealed, form.open, milliseconds)
  return result
}

const charsOf = (form) => async (data) => (await form.seal(data)).length

const version = (pkg) => JSON.parse(readFileSync(new URL(`node_modules/${pkg}/package.json`, import.meta.url))).version

const { milliseconds, sets } = JSON.parse(await text(process.stdin))
const forms = [ironSession, await fastifyForm(), h3Form, authJS, joseForm, cookieSessionForm]
const each = milliseconds / (forms.length * 2 * sets.length)
const out = { node: process.version, forms: [] }
for (const form of forms) {
  const result = { name: form.name, package: form.package, note: form.note, version: version(form.package), sets: {} }
  for (const set of sets) result.sets[set.name] = await measure(form, set.sessions, each)
  out.forms.push(result)
}
process.stdout.write(JSON.stringify(out))
