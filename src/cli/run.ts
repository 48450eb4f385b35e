import { homedir } from 'node:os';
import { nearest } from '../config/nearest.ts';
import { quoted } from '../config/tree.ts';
import { UserError } from '../user-error.ts';
import { VERSION } from '../version.ts';
import { FlagError, FLAGS, help, parseFlags } from './flags.ts';
import type { Signals } from './signals.ts';
import type { Surroundings } from './targets.ts';

/** A command: takes the arguments after its name, resolves with the exit code. */
type Command = (args: readonly string[], surroundings: Surroundings, signals: Signals) => Promise<number>;

/** Loaded when needed: serving needs neither the simulator nor the table of `check`. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => serveCommand,
  check: async () => (await import('./check.ts')).check,
  demo: async () => (await import('./demo.ts')).demo,
  rules: async () => (await import('./rules.ts')).rules,
  canary: async () => (await import('./canary.ts')).canary,
  report: async () => (await import('./report.ts')).report,
  'access-rules': async () => (await import('./access-rules.ts')).accessRules,
  healthcheck: async () => (await import('./healthcheck.ts')).healthcheck,
  completion: async () => (await import('./manual.ts')).completion,
  man: async () => (await import('./manual.ts')).man,
};

/** These two serve until they are told to stop. The others end by themselves, and by any signal. */
const SERVING = ['serve', 'demo'];

/** Exit code for a command line or configuration that cannot be used; `check` and `canary` have their own, as monitoring plugins do. */
const UNUSABLE = 1;

/** Runs a command line (without the program's name) and resolves with the exit code. */
export async function run(args: readonly string[], signals: Signals): Promise<number> {
  const [first = ''] = args;
  if (first === 'help' || args.some((arg) => arg === '-h')) return run(asHelp(args), signals);
  const named = Object.hasOwn(COMMANDS, first);
  const surroundings = { env: process.env, cwd: process.cwd(), home: homeFolder() };
  try {
    if (first !== '' && !first.startsWith('-') && !named) {
      const names = Object.keys(COMMANDS);
      const meant = nearest(first, names);
      const hint = meant === undefined ? `; the commands are ${names.join(', ')}` : `, did you mean ${meant}?`;
      throw new FlagError(`unknown command ${quoted(first)}${hint}`);
    }
    const name = named ? first : 'serve';
    if (!SERVING.includes(name)) signals.release();
    const command = await (COMMANDS[name] as () => Promise<Command>)();
    return await command(named ? args.slice(1) : args, surroundings, signals);
  } catch (error) {
    process.stderr.write(`cinder-exporter: ${messageOf(error)}\n`);
    return first === 'check' || first === 'canary' ? 3 : UNUSABLE;
  }
}

/** `help`, `help COMMAND` and `-h` anywhere are `--help`. */
function asHelp(args: readonly string[]): readonly string[] {
  const [first = '', second] = args;
  if (first === 'help') return [...(second === undefined ? [] : [second]), '--help'];
  return first.startsWith('-') ? ['--help'] : [first, '--help'];
}

async function serveCommand(args: readonly string[], surroundings: Surroundings, signals: Signals): Promise<number> {
  const { values, positionals } = parseFlags(args, FLAGS);
  if (positionals.length > 0) throw new FlagError(`unexpected argument ${quoted(positionals[0] ?? '')}`);
  if (values.help) return print(help(FLAGS));
  if (values.version) return print(`cinder-exporter ${VERSION} (node ${process.version})\n`);
  const { checkConfiguration, serveUntilTold } = await import('./serve.ts');
  if (!values['config.check']) return serveUntilTold(values, surroundings, signals);
  signals.release();
  return checkConfiguration(values, surroundings);
}

/** Node throws for a user without an entry in the password database (a container's) when HOME is not set either. */
function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

/** What a person should read of an error: the message of one meant for people, or of the operating system; the stack of what is a bug of ours. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof UserError || 'syscall' in error || !error.stack ? error.message : error.stack;
}
