import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { renderRules, type RulesFormat, ruleGroups } from '../src/rules/render.ts';
import { defaultSettings, SETTINGS } from '../src/rules/settings.ts';

/** The files that are made from `src/rules/`, relative to this folder. */
export const GENERATED: ReadonlyMap<string, RulesFormat> = new Map([
  ['cinder.rules.yml', 'prometheus'],
  ['kubernetes/cinder-exporter-prometheusrule.yaml', 'prometheusrule'],
]);

/** Pages written by hand, but for the rows of their tables; relative to this folder. */
export const WITH_TABLES: ReadonlyMap<string, (page: string) => string> = new Map([
  ['README.md', withSettings],
  ['../docs/runbooks/README.md', withAlerts],
]);

/** The settings with their defaults, in the one table that has them. */
function withSettings(page: string): string {
  const rows = Object.entries(SETTINGS).map(
    ([name, { byDefault, help }]) => `| \`${name}\` | ${byDefault && `\`${byDefault}\``} | ${help} |\n`,
  );
  return page.replace(/(?:^\| `[a-z_]+` \| .*\n)+/m, () => rows.join(''));
}

/** A table of alerts for each group of rules, in the order of the groups. */
function withAlerts(page: string): string {
  const tables = ruleGroups(defaultSettings()).map(({ rules }) =>
    rules.map((rule) =>
      'alert' in rule ? `| [${rule.alert}](${rule.alert}.md) | ${rule.severity} | ${rule.summary} |\n` : '',
    ),
  );
  return page.replace(/(?:^\| \[Cinder\w+\]\(.*\n)+/gm, () => (tables.shift() ?? []).join(''));
}

if (process.argv[1] === import.meta.filename) {
  await mkdir(new URL('kubernetes/', import.meta.url), { recursive: true });
  for (const [file, format] of GENERATED)
    await writeFile(new URL(file, import.meta.url), renderRules(defaultSettings(), format));
  for (const [file, write] of WITH_TABLES) {
    const url = new URL(file, import.meta.url);
    await writeFile(url, write(await readFile(url, 'utf8')));
  }
}
