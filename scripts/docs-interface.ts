import { describeApi } from '../src/api/openapi.ts';
import { run } from '../src/cli/run.ts';
import type { Signals } from '../src/cli/signals.ts';
import { generate } from './generated.ts';

/** Writes docs/commands.md from what `--help` prints, and docs/http.md from what `/openapi.json` says; with `--check` only compares. */
const COMMANDS = ['serve', 'check', 'demo', 'rules', 'report', 'canary', 'access-rules'];

/** Those without flags of their own. */
const WITHOUT_TABLE = ['healthcheck', 'completion', 'man'];

const NO_SIGNALS: Signals = { stop: new Promise(() => {}), onHangup: () => {}, release: () => {} };

/** What `cinder-exporter COMMAND --help` prints. */
async function helpOf(command: string): Promise<string> {
  const write = process.stdout.write.bind(process.stdout);
  let printed = '';
  process.stdout.write = (text: string | Uint8Array): boolean => {
    printed += String(text);
    return true;
  };
  try {
    await run([command, '--help'], NO_SIGNALS);
  } finally {
    process.stdout.write = write;
  }
  return printed;
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |\n`;
}

/** A command: its usage as printed, and its flags as a table, but for lines that were there before. */
function commandSection(command: string, printed: string, asBefore: readonly string[]): string {
  const [usage = '', flags = ''] = printed.split('\nFlags:\n');
  const rows = flags
    .trimEnd()
    .split('\n')
    .filter((line) => !asBefore.includes(line))
    .map((line) => {
      const [, flag, help = '', byDefault] = /^ {2}(--\S+(?: <[^>]+>)?) +(.+?)(?: \(default (.+)\))?$/.exec(line) ?? [];
      if (flag === undefined) throw new Error(`${command} --help: not a flag: ${line}`);
      return row(`\`${flag}\``, byDefault === undefined ? '' : `\`${byDefault}\``, help);
    });
  return `
## ${command}

\`\`\`text
${usage.trim()}
\`\`\`
${asBefore.length > 0 ? '\nAll flags of `serve`, and:\n' : ''}
| flag | default | meaning |
|---|---|---|
${rows.join('')}`;
}

async function plainSection(command: string): Promise<string> {
  return `
## ${command}

\`\`\`text
${(await helpOf(command)).trim()}
\`\`\`
`;
}

async function commandsPage(): Promise<string> {
  const sections: string[] = [];
  const served = (await helpOf('serve')).split('\n').filter((line) => line.startsWith('  --'));
  for (const command of COMMANDS) {
    const printed = await helpOf(command);
    const has = command !== 'serve' && served.every((line) => printed.includes(line.trim()));
    sections.push(commandSection(command, printed, has ? served : []));
  }
  const plain: string[] = [];
  for (const command of WITHOUT_TABLE) plain.push(await plainSection(command));
  return `# Commands

This page is generated from \`--help\` by \`npm run docs\`; do not edit it.

Both \`--flag value\` and \`--flag=value\` work. Without the name of a command it is \`serve\`. In a checkout, write \`node dist/main.js\` for
\`cinder-exporter\`.

| exit code | |
|---|---|
| 0 | it worked, or the process was told to stop |
| 1 | the command line or the configuration cannot be used; the message says why |
| of \`check\` and \`canary\` | as monitoring plugins have it, see [check](#check) and [canary](#canary) |
${sections.join('')}${plain.join('')}`;
}

interface Described {
  readonly tags: readonly [string];
  readonly summary: string;
  readonly parameters?: readonly { readonly name: string; readonly required: boolean }[];
  readonly responses: Readonly<Record<string, { readonly description?: string }>>;
}

function pathRow(path: string, method: string, { summary, parameters = [], responses }: Described): string {
  const names = parameters.map(({ name, required }) => `\`${name}${required ? '' : '?'}\``);
  const statuses = Object.entries(responses).flatMap(([status, { description = '' }]) =>
    status === '200' ? [] : [`${status}: ${description}`],
  );
  return row(`\`${method.toUpperCase()} ${path}\``, summary, names.join(', '), statuses.join('. '));
}

function httpPage(): string {
  const { paths, tags } = describeApi('/metrics');
  const all = Object.entries(paths as Readonly<Record<string, Readonly<Record<string, Described>>>>).flatMap(
    ([path, operations]) => Object.entries(operations).map(([method, described]) => ({ path, method, described })),
  );
  const sections = tags.map(({ name, description }) => {
    const rows = all
      .filter(({ described }) => described.tags[0] === name)
      .map(({ path, method, described }) => pathRow(path, method, described));
    return `
## ${description}

| request | what it gives | parameters | other answers |
|---|---|---|---|
${rows.join('')}`;
  });
  return `# HTTP paths

This page is generated from \`/openapi.json\` by \`npm run docs\`; do not edit it.

All on one port, 10776 by default. Every answer comes from memory: no request here reaches a cloud. \`/openapi.json\` has the schemas of the JSON answers.

* \`/metrics\` is another path with \`--web.telemetry-path\`. With several clouds it has the metrics of the process alone: ask \`/probe\` for each cloud.
* With a [web configuration file](web-configuration.md) every path wants the password or the certificate, the two health checks as well.
* A parameter with \`?\` may be left out.
* Every path answers \`HEAD\` where it answers \`GET\`. Other methods are refused with 405.
${sections.join('')}`;
}

generate('docs/commands.md', await commandsPage(), 'the program');
generate('docs/http.md', httpPage(), 'the program');
