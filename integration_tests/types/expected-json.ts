import type { UniverseType } from './type-universe.ts'

/**
 * Expected JSON of a value whose text the server prints as `text`; null: NULLED with a change
 * entry. Based on the reference and written with strings and regular expressions, so that it shares
 * no code with the connector.
 */
export function expectedJson(type: UniverseType, text: string): string | null {
  if (type.element !== null) return expectedArray(type, type.element, text)
  if (type.kind !== 'b') return JSON.stringify(text)
  if (WITHOUT_JSON[type.name]?.includes(text) === true) return null
  return SCALARS[type.name]?.(text) ?? JSON.stringify(text)
}

type Rule = (text: string) => string

/** Types whose JSON is not their text. */
const SCALARS: Readonly<Record<string, Rule>> = {
  bool: (text) => (text === 't' ? 'true' : 'false'),
  int2: (text) => text,
  int4: (text) => text,
  int8: (text) => text,
  oid: (text) => text,
  float4: floatValue,
  float8: floatValue,
  numeric: (text) => text,
  money: (text) => text.replaceAll(/[$,]/g, ''),
  xml: (text) => JSON.stringify(text.replace(/^<\?xml .*?\?>/s, '')),
  hstore: hstoreValue,
  date: (text) => JSON.stringify(text),
  time: (text) => JSON.stringify(timeValue(text)),
  timetz: timetzValue,
  timestamp: (text) =>
    JSON.stringify(text.replace(/ ([\d:.]+)/, (_, time: string) => `T${timeValue(time)}`)),
  timestamptz: (text) =>
    JSON.stringify(text.replace(/ ([\d:.]+)\+00/, (_, time: string) => `T${sixDecimals(time)}Z`)),
  ...Object.fromEntries(
    ['point', 'line', 'lseg', 'box', 'path', 'polygon', 'circle'].map((name) => [
      name,
      geometricValue,
    ]),
  ),
}

/** Values inside an array that differ from the scalar's value in the reference. */
const ELEMENTS: Readonly<Record<string, Rule>> = {
  bit: (text) => String(text === '1'),
  varbit: (text) => String(text === '1'),
  bytea: (text) => JSON.stringify(Buffer.from(text.slice(2), 'hex').toString('base64')),
}

/** Values of a type without JSON. */
const WITHOUT_JSON: Readonly<Record<string, readonly string[]>> = {
  numeric: ['NaN', 'Infinity', '-Infinity'],
  date: ['infinity', '-infinity'],
  timestamp: ['infinity', '-infinity'],
  timestamptz: ['infinity', '-infinity'],
}

function floatValue(text: string): string {
  return /^(NaN|-?Infinity)$/.test(text) ? `"${text}"` : text
}

function timeValue(text: string): string {
  if (text === '24:00:00') return '23:59:59.999999999'
  const [clock = '', fraction = ''] = text.split('.')
  if (fraction === '') return clock.endsWith(':00') ? `${clock}.000000` : clock
  return `${clock}.${fraction.padEnd(fraction.length <= 3 ? 3 : 6, '0')}`
}

function sixDecimals(text: string): string {
  const [clock = '', fraction = ''] = text.split('.')
  return `${clock}.${fraction.padEnd(6, '0')}`
}

function timetzValue(text: string): string {
  const [, time = '', offset = ''] = /^([\d:.]+)(.*)$/.exec(text) ?? []
  const zone = /^[+-]00$/.test(offset) ? 'Z' : offset.length === 3 ? `${offset}:00` : offset
  return JSON.stringify(timeValue(time) + zone)
}

function unescaped(quoted: string): string {
  return quoted.replaceAll(/\\(.)/gs, '$1')
}

function hstoreValue(text: string): string {
  const pairs = text.matchAll(/"((?:[^"\\]|\\.)*)"=>(?:NULL|"((?:[^"\\]|\\.)*)")/gs)
  const members = Array.from(pairs, ([, key = '', value]) => {
    return `${JSON.stringify(unescaped(key))}:${value === undefined ? 'null' : JSON.stringify(unescaped(value))}`
  })
  return JSON.stringify(`{${members.join(',')}}`)
}

/** Java's `Double.toString` layout with the server's digits. */
function geometricValue(text: string): string {
  return JSON.stringify(
    text.replaceAll(
      /(-?)(\d+(?:\.\d+)?)(?:e([+-]\d+))?/g,
      (_, sign: string, digits: string, power?: string) => {
        if (power !== undefined) return `${sign}${withPoint(digits)}E${Number(power)}`
        const magnitude = Number(digits)
        if (magnitude === 0) return `${sign}0.0`
        if (magnitude >= 1e-3 && magnitude < 1e7) return sign + withPoint(digits)
        const [mantissa = '', exponent = ''] = magnitude.toExponential().split('e')
        return `${sign}${withPoint(mantissa)}E${Number(exponent)}`
      },
    ),
  )
}

function withPoint(digits: string): string {
  return digits.includes('.') ? digits : `${digits}.0`
}

/** Replaces braces by brackets and converts each value between them. */
function expectedArray(type: UniverseType, element: UniverseType, text: string): string | null {
  const body = text.replace(/^(\[[-\d:]+\])+=/, '')
  const plain = `[^{}"\\${type.delimiter}]+`
  const tokens = new RegExp(`"(?:[^"\\\\]|\\\\.)*"|[{}]|\\${type.delimiter}|${plain}`, 'gs')
  let json = ''
  for (const [token] of body.matchAll(tokens)) {
    if (token === '{') json += '['
    else if (token === '}') json += ']'
    else if (token === type.delimiter) json += ','
    else if (token === 'NULL') json += 'null'
    else {
      const value = expectedElement(element, token)
      if (value === null) return null
      json += value
    }
  }
  return json
}

function expectedElement(element: UniverseType, token: string): string | null {
  const isQuoted = token.startsWith('"')
  const text = isQuoted ? unescaped(token.slice(1, -1)) : token
  const rule = element.kind === 'b' ? ELEMENTS[element.name] : undefined
  return rule === undefined ? expectedJson(element, text) : rule(text)
}
