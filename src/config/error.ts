/** A configuration that cannot be used. The message lists every problem, one a line, as `file:line:column: key: expected ..., got ...`. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}
