import { ConnectorError } from '../errors.ts'

/** Joins all problems to one error with a sentence each. */
export function joinProblems(problems: readonly ConnectorError[]): ConnectorError {
  const message = problems.map((problem) => problem.message).join(' ')
  return new ConnectorError('config_error', message, { cause: problems[0] })
}
