/** A place in a text; both count from 1, a column in UTF-16 units. */
export interface TextPosition {
  readonly line: number
  readonly column: number
}

const SPACE = /[ \t\n\r]*/y
const STRING = String.raw`"(?:[ !#-[\]-\uFFFF]+|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"`
const VALUE = String.raw`[{[]|${STRING}|true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?`

/** What may come next → the tokens that it may be. */
const TOKENS = {
  value: new RegExp(VALUE, 'y'),
  valueOrEnd: new RegExp(`]|${VALUE}`, 'y'),
  key: new RegExp(STRING, 'y'),
  keyOrEnd: new RegExp(`}|${STRING}`, 'y'),
  colon: /:/y,
  afterItem: /[,\]]/y,
  afterMember: /[,}]/y,
  nothing: /(?!)/y,
} as const

type Expected = keyof typeof TOKENS

/**
 * Where `text`, which JSON.parse refuses, stops being JSON. The parser does not always say, and when
 * it does it also quotes the text.
 */
export function locateJsonError(text: string): TextPosition {
  const before = text.slice(0, validLength(text)).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}

/** The length of the part of `text` that a JSON text may begin with, in whole tokens. */
function validLength(text: string): number {
  const openBrackets: string[] = []
  let expected: Expected = 'value'
  let at = matchEnd(SPACE, text, 0) ?? 0
  while (at < text.length) {
    const end = matchEnd(TOKENS[expected], text, at)
    if (end === null) return at
    expected = expectAfter(text.charAt(at), expected, openBrackets)
    at = matchEnd(SPACE, text, end) ?? end
  }
  return at
}

/** What may follow the token that begins with `char`; keeps `openBrackets` up to date. */
function expectAfter(char: string, expected: Expected, openBrackets: string[]): Expected {
  if (char === ':') return 'value'
  if (char === ',') return openBrackets.at(-1) === '{' ? 'key' : 'value'
  if (char === '{' || char === '[') {
    openBrackets.push(char)
    return char === '{' ? 'keyOrEnd' : 'valueOrEnd'
  }
  if (char === '}' || char === ']') openBrackets.pop()
  else if (expected === 'key' || expected === 'keyOrEnd') return 'colon'
  const bracket = openBrackets.at(-1)
  return bracket === undefined ? 'nothing' : bracket === '{' ? 'afterMember' : 'afterItem'
}

function matchEnd(pattern: RegExp, text: string, at: number): number | null {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : null
}
