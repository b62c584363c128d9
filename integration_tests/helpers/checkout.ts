import { fileURLToPath } from 'node:url'

/**
 * Root directory of the checkout, with a slash at its end. Tests run from dist, which contains only
 * compiled files.
 */
export const CHECKOUT = fileURLToPath(new URL('../../../', import.meta.url))
