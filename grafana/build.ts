/**
 * Writes grafana/dashboards/UID.json from grafana/src: `node --import tsx grafana/build.ts`.
 * With `--check` it writes nothing, and exits with 1 when a file is not what the source says.
 */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dashboardJson } from './src/dashboard.ts';
import { dashboards } from './src/dashboards.ts';

const DIRECTORY = new URL('dashboards/', import.meta.url);

const wanted = new Map(dashboards().map((built) => [`${built.uid}.json`, dashboardJson(built)]));
if (process.argv.includes('--check')) {
  const present = new Set(readdirSync(DIRECTORY).filter((name) => name.endsWith('.json')));
  const differing = [...new Set([...wanted.keys(), ...present])].filter(
    (name) => !present.has(name) || wanted.get(name) !== readFileSync(new URL(name, DIRECTORY), 'utf8'),
  );
  for (const name of differing)
    process.stderr.write(
      `grafana/dashboards/${name} is not what grafana/src says: run node --import tsx grafana/build.ts\n`,
    );
  process.exitCode = differing.length === 0 ? 0 : 1;
} else {
  for (const [name, json] of wanted) writeFileSync(new URL(name, DIRECTORY), json);
}
