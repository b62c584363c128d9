import {
  LEFT_TO_RIGHT,
  MAPPED_TO_NOTHING,
  NON_ASCII_SPACES,
  PROHIBITED,
  RIGHT_TO_LEFT,
} from './stringprep-tables.ts'

const NOT_ASCII = /[^\p{ASCII}]/u
const IS_SPACE = new RegExp(`[${NON_ASCII_SPACES}]`, 'gu')
const IS_NOTHING = new RegExp(`[${MAPPED_TO_NOTHING}]`, 'gu')
const HAS_PROHIBITED = new RegExp(`[${PROHIBITED}]`, 'u')
const HAS_RIGHT_TO_LEFT = new RegExp(`[${RIGHT_TO_LEFT}]`, 'u')
const HAS_LEFT_TO_RIGHT = new RegExp(`[${LEFT_TO_RIGHT}]`, 'u')
const IS_BETWEEN_RIGHT_TO_LEFT = new RegExp(`^[${RIGHT_TO_LEFT}](.*[${RIGHT_TO_LEFT}])?$`, 'su')

/**
 * Whether SASLprep fails for a password. libpq and the server then use the password without
 * normalization. Like them, it checks the password before it is normalized.
 * https://www.rfc-editor.org/rfc/rfc4013
 */
export function failsSaslprep(password: string): boolean {
  if (!NOT_ASCII.test(password)) return false
  const mapped = password.replaceAll(IS_SPACE, ' ').replaceAll(IS_NOTHING, '')
  if (mapped === '' || HAS_PROHIBITED.test(mapped)) return true
  if (!HAS_RIGHT_TO_LEFT.test(mapped)) return false
  return HAS_LEFT_TO_RIGHT.test(mapped) || !IS_BETWEEN_RIGHT_TO_LEFT.test(mapped)
}
