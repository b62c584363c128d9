import { fileURLToPath } from 'node:url'

/** The root directory of the checkout, with a slash at its end. Tests run from dist, which has compiled files only. */
export const CHECKOUT = fileURLToPath(new URL('../../../', import.meta.url))
