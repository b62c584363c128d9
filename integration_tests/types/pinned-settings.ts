/**
 * Settings that determine the text of values, as in the connector's sessions, so that the server
 * prints the same text.
 */
export const PINNED_SETTINGS = `
  SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC';
  SET extra_float_digits = 3; SET bytea_output = 'hex'; SET xmloption = 'content'`
