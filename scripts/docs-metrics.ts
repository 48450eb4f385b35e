import { readFileSync, writeFileSync } from 'node:fs';
import { createCloudMetrics, createProcessMetrics } from '../src/metrics/exporter.ts';
import { FAMILIES, type FamilyDescription } from '../src/metrics/families.ts';

/** Writes docs/metrics.md from the families themselves; with `--check` only says whether it differs, and exits 1 then. */
const FILE = new URL('../docs/metrics.md', import.meta.url);

const INTRO = `# Metrics

Generated from the families in \`src/metrics/\` by \`npm run docs\`; do not edit.

The page is served from memory: it is rendered at each refresh, and a scrape copies bytes. How old each part is stands in
\`cinder_scrape_collector_last_success_timestamp_seconds\`. A value that is not known is a missing series, never 0, -1 or NaN.
In OpenMetrics the type of a family that ends in \`_info\` is \`info\`; in the text format it is a gauge that is always 1.

Identity labels: services \`binary\`, \`host\`; backends \`host\` (\`host@backend\`, or \`cluster@backend\`) and \`backend\` (the part after \`@\`);
pools \`host\`, \`backend\`, \`pool\`. With several clouds each has a page of its own (\`/probe?cloud=NAME\`), and no label names the cloud: that
belongs to the scrape configuration, which \`/sd\` provides.
`;

const CONDITIONS = `## Conditions

Exactly one of the nine series of \`cinder_backend_condition\` is 1. The first that holds is the one:

| condition | when | \`cinder_backend_state\` |
|---|---|---|
| \`frozen\` | every service row of the backend is frozen | no series |
| \`disabled\` | every row is disabled or frozen (a failed-over backend is among these) | no series |
| \`service_down\` | no enabled row has \`state: up\` | no series |
| \`unknown\` | no pool is known for it, and the service list says \`null\` or could not be read at 3.49 | no series |
| \`down\` | every pool says \`down\`, or there are no driver stats and the list says \`down\` | 0 |
| \`stale\` | the newest driver stats are older than \`stale_after\`, by Cinder's clock | no series |
| \`degraded\` | some pools are not up | 1; no series when none is up |
| \`up_assumed\` | no pool carries \`backend_state\` (Cinder's default), or there are no driver stats and the list says \`up\` | 1 |
| \`up\` | a driver said so | 1 |
`;

function table(families: readonly FamilyDescription[]): string {
  const rows = families.map(({ name, type, labels, help }) => {
    const listed = labels.map((label) => `\`${label}\``).join(' ');
    return `| \`${name}\` | ${type} | ${listed} | ${help.replaceAll('|', '\\|')} |`;
  });
  return `| family | type | labels | meaning |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}

/** The exporter's own families, as prom-client knows them. */
function own(): FamilyDescription[] {
  const registries = [createCloudMetrics().registry, createProcessMetrics('').registry];
  const metrics = registries.flatMap((registry) => registry.getMetricsAsArray());
  return metrics
    .filter(({ name }) => name.startsWith('cinder_exporter_'))
    .map((metric) => ({
      name: metric.name,
      help: metric.help,
      type: (metric.name.endsWith('_info') ? 'info' : String(metric.type)) as FamilyDescription['type'],
      labels: 'labelNames' in metric ? (metric.labelNames as string[]) : [],
    }));
}

const page = `${INTRO}
## The cloud

${table(FAMILIES)}
${CONDITIONS}
## The exporter itself

${table(own())}
Beside these are \`process_*\` and \`nodejs_*\` of prom-client.
`;

if (process.argv.includes('--check')) {
  if (readFileSync(FILE, 'utf8') !== page) {
    process.stderr.write('docs/metrics.md differs from the families: run npm run docs\n');
    process.exitCode = 1;
  }
} else {
  writeFileSync(FILE, page);
}
