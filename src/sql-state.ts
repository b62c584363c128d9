/**
 * Who must act: the user (`config_error`), no one, because a retry may succeed (`transient_error`),
 * or the maintainers (`system_error`).
 */
export type FailureType = 'config_error' | 'transient_error' | 'system_error'

/**
 * Whether the server's message may be shown. Its DETAIL, HINT and CONTEXT are never shown.
 * `parsed`: only with a position in the statement. A name at a position is part of the statement. A
 * name without a position may be a value that a function of a view looked up, as
 * `textcolumn::regclass` does.
 */
type Display = 'shown' | 'parsed' | 'hidden'

interface Rule {
  /** Default: the type of the class, or `system_error` without a class. */
  readonly type?: FailureType
  /** Default: the display of the class, or `hidden` without a class. */
  readonly message?: Display
  /** What the user can do. */
  readonly remedy?: string
}

/** A lock was not granted within `lock_timeout`. */
export const LOCK_NOT_AVAILABLE = '55P03'

const RUN_AGAIN = 'Run the sync again'
const CHANGED = 'It changed while the sync ran: refresh the catalog and run it again'
const LOG = 'Look at the log of the server'

/**
 * Rules by SQLSTATE, by its first three characters, or by its class. The messages of a class are
 * shown if those in the server's source contain only names, limits and files. They are hidden if
 * some contain row values, SQL or texts of users.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const RULES: ReadonlyMap<string, Rule> = new Map([
  /* connection exception: fixed texts */
  ['08', { type: 'transient_error', message: 'shown' }],
  /* feature not supported: kinds of objects */
  ['0A', { message: 'shown' }],
  /* CASE without a match, in PL/pgSQL: a fixed text */
  [
    '20',
    {
      type: 'config_error',
      message: 'shown',
      remedy: 'A function of a view or of the query has a CASE without ELSE: fix it',
    },
  ],
  /* a subquery with several rows: a fixed text */
  [
    '21',
    {
      type: 'config_error',
      message: 'shown',
      remedy: 'A subquery of a view, a policy or the query gives several rows: fix it',
    },
  ],
  /*
   * data exception: 'invalid input syntax for type integer: "…"', and texts that extensions build
   * from values
   */
  [
    '22',
    {
      type: 'config_error',
      message: 'hidden',
      remedy: 'A view, a domain or the query computes what some row does not allow: fix it',
    },
  ],
  [
    '22P05',
    { remedy: 'Some character has no form in UTF-8: find and fix it, or leave its column out' },
  ],
  /*
   * constraint violation: names in the server's own texts, values in those of triggers and
   * extensions
   */
  [
    '23',
    {
      type: 'config_error',
      message: 'hidden',
      remedy: 'A value breaks a constraint, such as that of a domain that a view casts to: fix it',
    },
  ],
  /* invalid transaction state: settings */
  ['25', { message: 'shown' }],
  [
    '25P03',
    { type: 'config_error', remedy: 'Raise idle_in_transaction_session_timeout for the role' },
  ],
  [
    '25P04',
    {
      type: 'transient_error',
      remedy: 'Raise transaction_timeout for the role, or run the sync again',
    },
  ],
  /* invalid authorization: roles */
  ['28', { type: 'config_error', message: 'shown' }],
  /* external routines: texts of their authors */
  [
    '38',
    {
      type: 'config_error',
      message: 'hidden',
      remedy: `A function of a view, a policy or the query has failed. ${LOG}`,
    },
  ],
  [
    '39',
    {
      type: 'config_error',
      message: 'hidden',
      remedy: `A function of a view, a policy or the query has failed. ${LOG}`,
    },
  ],
  /* databases and schemas: names */
  ['3D', { type: 'config_error', message: 'shown' }],
  ['3F', { type: 'config_error', message: 'shown', remedy: 'Check schemas' }],
  /* rollback: fixed texts */
  ['40', { type: 'transient_error', message: 'shown' }],
  [
    '40001',
    {
      remedy:
        'On a standby, raise max_standby_streaming_delay or turn hot_standby_feedback on; run the sync again',
    },
  ],
  ['40P01', { remedy: RUN_AGAIN }],
  /* syntax errors quote SQL */
  ['42', { type: 'config_error', message: 'hidden' }],
  ['42501', { message: 'shown', remedy: 'GRANT what is missing to the role' }],
  ['42703', { message: 'parsed', remedy: CHANGED }],
  ['42704', { message: 'parsed' }],
  ['42809', { message: 'shown' }],
  ['42883', { message: 'parsed' }],
  ['42P', { message: 'parsed' }],
  ['42P01', { remedy: CHANGED }],
  /* insufficient resources: limits and files */
  ['53', { type: 'transient_error', message: 'shown' }],
  ['53100', { remedy: 'Free disk space on the server' }],
  ['53200', { remedy: 'The server is out of memory: run the sync again' }],
  ['53300', { remedy: 'Raise max_connections or the limit of the role, and run the sync again' }],
  [
    '53400',
    { remedy: 'Raise temp_file_limit, or give the cursor an index, and run the sync again' },
  ],
  /* program limit exceeded: 'word is too long in tsquery: "…"' */
  [
    '54',
    {
      type: 'config_error',
      message: 'hidden',
      remedy:
        'A value or a row is beyond what the server can build, such as 1 GB: leave its column out',
    },
  ],
  [
    '54001',
    { message: 'shown', remedy: 'Raise max_stack_depth, or simplify the view or the query' },
  ],
  /* object not in prerequisite state: names */
  ['55', { type: 'config_error', message: 'shown' }],
  [
    LOCK_NOT_AVAILABLE,
    { type: 'transient_error', remedy: 'Another session holds a lock on it: run the sync again' },
  ],
  /* operator intervention: fixed texts */
  ['57', { type: 'transient_error', message: 'shown' }],
  [
    '57014',
    { remedy: 'It was cancelled, or took longer than statement_timeout: run the sync again' },
  ],
  ['57P01', { remedy: RUN_AGAIN }],
  ['57P02', { remedy: 'The server crashed and restarts: run the sync again' }],
  ['57P03', { remedy: 'The server starts, stops or recovers: run the sync again' }],
  ['57P04', { type: 'config_error' }],
  /* system error: files */
  ['58', { type: 'transient_error', message: 'shown', remedy: LOG }],
  [
    '58P01',
    {
      type: 'config_error',
      remedy: 'Check the file of the foreign table, or the extension that is missing',
    },
  ],
  /* snapshot too old: a fixed text */
  [
    '72',
    {
      type: 'transient_error',
      message: 'shown',
      remedy: 'Raise old_snapshot_threshold, or run the sync again',
    },
  ],
  /*
   * foreign data wrappers return texts of other systems; these codes come from PostgreSQL or name
   * an object
   */
  [
    'HV',
    {
      type: 'config_error',
      message: 'hidden',
      remedy: `A foreign data wrapper has failed. ${LOG}`,
    },
  ],
  ['HV00D', { message: 'shown', remedy: 'Check the options of the foreign table and its server' }],
  ['HV00J', { message: 'shown', remedy: 'Check the options of the foreign table and its server' }],
  [
    'HV00N',
    { message: 'shown', remedy: 'Check the server of the foreign table and its user mapping' },
  ],
  ['HV00R', { message: 'shown', remedy: 'Check the options of the foreign table' }],
  /* RAISE in PL/pgSQL: texts of users */
  [
    'P0',
    {
      type: 'config_error',
      message: 'hidden',
      remedy: `A function of a view, a policy or the query has raised an exception. ${LOG}`,
    },
  ],
  [
    'P0002',
    { message: 'shown', remedy: 'A function of a view, a policy or the query has failed: fix it' },
  ],
  [
    'P0003',
    { message: 'shown', remedy: 'A function of a view, a policy or the query has failed: fix it' },
  ],
  /* internal error: any text; damaged pages: relations and blocks */
  ['XX', { message: 'hidden' }],
  [
    'XX001',
    { type: 'config_error', message: 'shown', remedy: `Data on the server is damaged. ${LOG}` },
  ],
  [
    'XX002',
    {
      type: 'config_error',
      message: 'shown',
      remedy: 'An index on the server is damaged: REINDEX it',
    },
  ],
])

/** Part `key` of the most specific rule for an SQLSTATE that has it; undefined if none has. */
export function ruleOf<Key extends keyof Rule>(code: string, key: Key): Rule[Key] | undefined {
  const rules = [code, code.slice(0, 3), code.slice(0, 2)].map((each) => RULES.get(each)?.[key])
  return rules.find((value) => value !== undefined)
}
