import { parseArgs } from 'node:util';
import { nearest } from '../config/nearest.ts';
import { quoted } from '../config/tree.ts';
import { UserError } from '../user-error.ts';

/** One command line flag: what `--help` prints, `docs/configuration.md` documents and `parseFlags` accepts. */
export interface Flag {
  /** Without the leading `--`. */
  readonly name: string;
  readonly type: 'string' | 'boolean';
  readonly multiple?: boolean;
  readonly default?: string;
  /** The words it accepts; without it any text. */
  readonly choices?: readonly string[];
  /** Placeholder of the value in help and documentation, such as `<file>`. */
  readonly value?: string;
  readonly help: string;
}

/** The flags of `cinder-exporter` (serve). */
export const FLAGS = [
  {
    name: 'config.file',
    type: 'string',
    value: '<file>',
    help: 'Configuration file; without it the one cloud that OS_CLOUD or the OS_* variables name is watched.',
  },
  {
    name: 'config.check',
    type: 'boolean',
    help: 'Check the configuration file, clouds.yaml and the web configuration file, print every problem, and exit.',
  },
  {
    name: 'web.listen-address',
    type: 'string',
    multiple: true,
    default: ':10776',
    value: '<address>',
    help: 'Address to listen on, as host:port, :port or [::1]:port; may be repeated.',
  },
  {
    name: 'web.telemetry-path',
    type: 'string',
    default: '/metrics',
    value: '<path>',
    help: 'Path of the metrics page; letters, digits, -, ., _, ~ and /.',
  },
  {
    name: 'web.config.file',
    type: 'string',
    value: '<file>',
    help: "Web configuration file in exporter-toolkit's format: TLS and basic authentication.",
  },
  { name: 'web.enable-lifecycle', type: 'boolean', help: 'Allow POST /-/reload; SIGHUP reloads in any case.' },
  {
    name: 'log.level',
    type: 'string',
    default: 'info',
    choices: ['debug', 'info', 'warn', 'error'],
    value: '<level>',
    help: 'Least severe level that is logged: debug, info, warn or error.',
  },
  {
    name: 'log.format',
    type: 'string',
    default: 'logfmt',
    choices: ['logfmt', 'json'],
    value: '<format>',
    help: 'Format of the log lines: logfmt or json.',
  },
  { name: 'version', type: 'boolean', help: 'Print the version and exit.' },
  { name: 'help', type: 'boolean', help: 'Print this help and exit.' },
] as const satisfies readonly Flag[];

type Value<F extends Flag> = F['type'] extends 'boolean'
  ? boolean
  : F extends { readonly multiple: true }
    ? readonly string[]
    : F extends { readonly default: string }
      ? string
      : string | undefined;

/** Flag name -> value, typed by the array it was parsed with. */
export type FlagValues<F extends readonly Flag[]> = {
  readonly [One in F[number] as One['name']]: Value<One>;
};

/** A command line that cannot be understood; the message is one sentence for the user. */
export class FlagError extends UserError {
  override readonly name = 'FlagError';
}

/** Takes the arguments after the program's name and the flags to accept (`FLAGS`, or those and more). `--a b` and `--a=b` are the same. Throws `FlagError`. */
export function parseFlags<const F extends readonly Flag[]>(
  args: readonly string[],
  flags: F,
): { readonly values: FlagValues<F>; readonly positionals: readonly string[] } {
  const given = new Map<string, string[]>();
  const positionals: string[] = [];
  const options = Object.fromEntries(flags.map((flag) => [flag.name, { type: flag.type, multiple: true }]));
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = flags.find((flag) => flag.name === token.name);
    if (flag === undefined || !token.rawName.startsWith('--')) throw unknownFlag(token.rawName, flags);
    const before = given.get(flag.name);
    if (before && !flag.multiple) throw new FlagError(`--${flag.name}: expected once, got it twice`);
    given.set(flag.name, [...(before ?? []), accepted(flag, token.value, token.inlineValue ?? false)]);
  }
  const values = Object.fromEntries(flags.map((flag) => [flag.name, valueOf(flag, given.get(flag.name))]));
  return { values: values as FlagValues<F>, positionals };
}

function accepted(flag: Flag, value: string | undefined, inline: boolean): string {
  if (flag.type === 'boolean') {
    if (value === undefined) return 'true';
    throw new FlagError(`--${flag.name}: expected no value, got ${quoted(value)}`);
  }
  const placeholder = flag.choices?.join(', ') ?? flag.value ?? 'a value';
  if (value === undefined || value === '') throw new FlagError(`--${flag.name}: expected ${placeholder}, got nothing`);
  if (!inline && value.startsWith('-')) {
    throw new FlagError(`--${flag.name}: expected ${placeholder}, got the next flag ${shortened(value)}`);
  }
  if (flag.choices && !flag.choices.includes(value)) {
    throw new FlagError(`--${flag.name}: expected ${placeholder}, got ${quoted(value)}`);
  }
  return value;
}

/** What a flag is called, never what stands behind its `=`. */
function shortened(flag: string): string {
  return /^[\w.-]{1,60}/.exec(flag)?.[0] ?? 'of odd characters';
}

function valueOf(flag: Flag, given: readonly string[] | undefined): boolean | string | readonly string[] | undefined {
  if (flag.type === 'boolean') return given !== undefined;
  const values = given ?? (flag.default === undefined ? [] : [flag.default]);
  return flag.multiple ? values : values[0];
}

function unknownFlag(rawName: string, flags: readonly Flag[]): FlagError {
  const known = flags.map((flag) => `--${flag.name}`);
  const suggestion = nearest(rawName, known);
  return new FlagError(
    `unknown flag ${shortened(rawName)}${suggestion ? `, did you mean ${suggestion}?` : '; --help lists them'}`,
  );
}

export type ServeFlags = FlagValues<typeof FLAGS>;

/** The commands: what follows the name, and what each does. `serve` may be left out. */
export const COMMANDS = [
  { name: 'serve', takes: '[flags]', does: 'serve the metrics of the configured cloud or clouds' },
  {
    name: 'check',
    takes: '[flags] [HOST...]',
    does: 'look once, print a table, exit 0 ok, 1 warning, 2 critical, 3 unknown',
  },
  { name: 'demo', takes: '[flags]', does: 'serve a simulated cloud in which faults come and go' },
  { name: 'rules', takes: '[flags]', does: 'print the alert rules, with other thresholds if wanted' },
  { name: 'report', takes: '[flags]', does: 'ask a Prometheus how available the storage was last month' },
  {
    name: 'canary',
    takes: '[flags] [TYPE...]',
    does: 'prepare, try, clean up or pause the canary, which makes a volume and deletes it',
  },
  {
    name: 'access-rules',
    takes: '[flags]',
    does: 'print the access rules of an application credential that may only read',
  },
  {
    name: 'healthcheck',
    takes: '[flags]',
    does: 'ask the exporter in the same container whether it lives, exit 0 or 1',
  },
  { name: 'completion', takes: 'SHELL', does: 'print what makes bash, zsh or fish complete these commands and flags' },
  { name: 'man', takes: '', does: 'print the manual page' },
  { name: 'help', takes: '[COMMAND]', does: 'print the flags of a command' },
] as const;

/** Before the flags of `serve`: all commands. */
export const USAGE = `Usage:
${COMMANDS.map(({ name, takes, does }) => `  ${`cinder-exporter ${name === 'serve' ? '' : `${name} `}${takes}`.padEnd(43)}${does}`).join('\n')}

The cloud is found as the openstack command finds it: OS_CLOUD with clouds.yaml, or the OS_* variables.

Flags:
`;

/** The text of the --help flag. */
export function help(flags: readonly Flag[], usage: string = USAGE): string {
  const names = flags.map((flag) => `  --${flag.name}${flag.value ? ` ${flag.value}` : ''}`);
  const width = Math.max(...names.map((name) => name.length)) + 2;
  const lines = flags.map(
    (flag, i) =>
      `${names[i]?.padEnd(width)}${flag.help}${flag.default === undefined ? '' : ` (default ${flag.default})`}`,
  );
  return `${usage}${lines.join('\n')}\n`;
}

/** Writes to standard output. The process ends right after: what is on its way into a pipe would be lost. */
export function written(text: string): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(text, () => resolve());
  });
}
