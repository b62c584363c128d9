/** A position in a text. Line and column start at 1; a column is a UTF-16 unit. */
export interface TextPosition {
  readonly line: number
  readonly column: number
}

const SPACE = /[ \t\n\r]*/y
const STRING = String.raw`"(?:[ !#-[\]-\uFFFF]+|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"`
const VALUE = String.raw`[{[]|${STRING}|true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?`

/** Patterns of the tokens that are allowed, by the parser's expectation. */
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
 * Finds where `text`, which JSON.parse rejects, stops being valid JSON. The error of JSON.parse
 * does not always have the position, and it quotes the text.
 */
export function locateJsonError(text: string): TextPosition {
  const before = text.slice(0, validLength(text)).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}

/** Length of the longest prefix of `text`, in whole tokens, with which a JSON text can begin. */
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

/** Returns what is expected after the token that begins with `char`; updates `openBrackets`. */
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
