import { UserError } from '../user-error.ts';

const MAX_LINES = 50;

/** A configuration that cannot be used. The message lists the problems (the first 50), one a line, as `file:line:column: key: expected ..., got ...`. */
export class ConfigError extends UserError {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const more = problems.length - MAX_LINES;
    super([...problems.slice(0, MAX_LINES), ...(more > 0 ? [`and ${more} more`] : [])].join('\n'));
    this.problems = problems;
  }
}
