import { randomUUID } from 'node:crypto'

/**
 * Prefix of the strings that `stringifyExact` prints as numbers. It is random, so that no other
 * string has it.
 */
const NUMBER_MARK = `${randomUUID()}:`
const MARKED_NUMBERS = new RegExp(`"${NUMBER_MARK}([-+.\\deE]+)"`, 'g')

/**
 * A number that is printed with exactly these digits: integers beyond 2^53, and counts with a
 * decimal point.
 */
export class JsonNumber {
  readonly digits: string

  constructor(digits: string) {
    this.digits = digits
  }

  toString(): string {
    return this.digits
  }

  toJSON(): string {
    return `${NUMBER_MARK}${this.digits}`
  }
}

export type JsonValue =
  | null
  | boolean
  | number
  | string
  | JsonNumber
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined }
export type JsonObject = { readonly [key: string]: JsonValue | undefined }

/** Whether a value of parsed JSON, or of a state made in this run, is an object. */
export function isJsonObject(value: unknown): value is JsonObject {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject && !(value instanceof JsonNumber)
}

/** Returns the JSON text of a value, with the digits of each `JsonNumber` unchanged. */
export function stringifyExact(value: unknown): string {
  return JSON.stringify(value).replace(MARKED_NUMBERS, '$1')
}
