import { nearest } from '../config/nearest.ts';
import { quoted } from '../config/tree.ts';
import { renderRules, ruleGroups, type RulesFormat } from '../rules/render.ts';
import { defaultSettings, parseSettings, scaleDurations, SETTINGS } from '../rules/settings.ts';
import { FlagError, help, parseFlags } from './flags.ts';

/** Before its flags in its help. */
export const RULES_USAGE = `Usage: cinder-exporter rules [--set NAME=VALUE]... [--without ALERT]... [--format FORMAT] [--scale FACTOR]

Prints the alert rules. Without flags these are the shipped ones, alerts/cinder.rules.yml.

Flags:
`;

export const RULES_FLAGS = [
  {
    name: 'set',
    type: 'string',
    multiple: true,
    value: '<name=value>',
    help: 'Another value for a setting; may be repeated.',
  },
  {
    name: 'without',
    type: 'string',
    multiple: true,
    value: '<alert>',
    help: 'Leave out this alert; may be repeated.',
  },
  {
    name: 'format',
    type: 'string',
    value: '<format>',
    default: 'prometheus',
    choices: ['prometheus', 'prometheusrule'],
    help: 'prometheus for rule_files, prometheusrule for the Prometheus Operator.',
  },
  {
    name: 'scale',
    type: 'string',
    value: '<factor>',
    help: 'Multiply every duration and change nothing else: for tests that cannot wait.',
  },
  { name: 'list', type: 'boolean', help: 'List the settings with their defaults.' },
  { name: 'help', type: 'boolean', help: 'Print this help and exit.' },
] as const;

/** Prints the alert rules with the wanted settings. */
export function rules(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags(args, RULES_FLAGS);
  if (positionals.length > 0)
    throw new FlagError(`unexpected argument ${quoted(positionals[0] ?? '')}; settings follow --set`);
  process.stdout.write(values.help ? help(RULES_FLAGS, RULES_USAGE) : values.list ? listOf() : rendered(values));
  return Promise.resolve(0);
}

function rendered(values: {
  readonly set: readonly string[];
  readonly without: readonly string[];
  readonly scale: string | undefined;
  readonly format: string;
}): string {
  const settings = parseSettings(values.set);
  return renderRules(
    values.scale === undefined ? settings : scaleDurations(settings, Number(values.scale)),
    values.format as RulesFormat,
    values.without.map(knownAlert),
  );
}

function knownAlert(name: string): string {
  const known = ruleGroups(defaultSettings()).flatMap(({ rules }) =>
    rules.flatMap((rule) => ('alert' in rule ? rule.alert : [])),
  );
  if (known.includes(name)) return name;
  const meant = nearest(name, known);
  throw new FlagError(
    `--without: ${quoted(name)} is no alert${meant === undefined ? '; docs/runbooks/README.md lists them' : `, did you mean ${meant}?`}`,
  );
}

function listOf(): string {
  const rows = Object.entries(SETTINGS);
  const width = Math.max(...rows.map(([name, { byDefault }]) => name.length + byDefault.length + 1)) + 2;
  return rows
    .map(([name, { byDefault, help: meaning }]) => `${`${name}=${byDefault}`.padEnd(width)}${meaning}\n`)
    .join('');
}
