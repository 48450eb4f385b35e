import { CONDITION_TABLE, CONDITIONS, type Condition } from '../src/cinder/conditions.ts';
import { createCloudMetrics, createProcessMetrics } from '../src/metrics/exporter.ts';
import type { FamilyDescription } from '../src/metrics/exposition.ts';
import { FAMILIES } from '../src/metrics/families.ts';
import { generate } from './generated.ts';

const INTRO = `# Metrics

Generated from the families in \`src/metrics/\` by \`npm run docs\`; do not edit.

The page is served from memory: it is rendered at each refresh, and a scrape copies bytes. How old each part is stands in
\`cinder_scrape_collector_last_success_timestamp_seconds\`. A value that is not known is a missing series, never 0, -1 or NaN.
In OpenMetrics the type of a family that ends in \`_info\` is \`info\`; in the text format it is a gauge that is always 1.

Identity labels: services \`binary\`, \`host\`; backends \`host\` (\`host@backend\`, or \`cluster@backend\`) and \`backend\` (the part after \`@\`);
pools \`host\`, \`backend\`, \`pool\`. With several clouds each has a page of its own (\`/probe?cloud=NAME\`), and no label names the cloud: that
belongs to the scrape configuration, which \`/sd\` provides.

Capacity is what the driver of each pool reports, and pools may share disks. Two backends on one Ceph both report what is free in the whole cluster
(\`max_avail\`; less where the Ceph pool has a quota), so a sum over them counts it twice, and no label says which Ceph a backend is on. Who sums
names the backends: \`sum(cinder_pool_free_capacity_bytes{backend=~"ceph-ssd|netapp"})\`. No page, dashboard or rule sums over backends;
[the report](report.md) does, for volume types in CSV and JSON.
`;

const CONDITION_SECTION = `## Conditions

Exactly one series of \`cinder_backend_condition\` is 1. The first that holds is the one:

| condition | when | \`cinder_backend_state\` |
|---|---|---|
${CONDITIONS.map(conditionRow).join('\n')}
`;

/** A test counts these on a page, and holds them against the rules. */
const FEWER_SECTION = `## Fewer series

A healthy backend with four pools has 69 series with the usual collectors. Prometheus can leave out some of them. Put this into the job of the exporter:

\`\`\`yaml
metric_relabel_configs:
  # What no rule of ours reads. 69 series become 54.
  - source_labels: [__name__]
    regex: cinder_backend_condition_change.*|cinder_backend_volumes_timestamp_seconds|cinder_service_backend_state|cinder_pool_(stats_timestamp_seconds|allocated_capacity_bytes|provisioned_capacity_bytes)
    action: drop
\`\`\`

The second part costs alerts: 54 series become 30. Nobody is told then that a pool gets full. An alert about room that stands at that moment
ends, though the pool is as full as before. That a pool is down, or gone, is still told.

\`\`\`yaml
  # How much room the pools have.
  - source_labels: [__name__]
    regex: cinder_pool_(total|free|virtual_free)_capacity_bytes|cinder_pool_(reserved_ratio|max_over_subscription_ratio|thin_provisioning)
    action: drop
\`\`\`

Panels that show these are empty then. Do not drop others: what is missing looks to the rules like a pool that is gone, or a cloud that says nothing.
Of the 30, 11 are the conditions, each of which the rules need to see.
`;

function conditionRow(condition: Condition): string {
  const { when, state } = CONDITION_TABLE[condition];
  return `| \`${condition}\` | ${when} | ${state} |`;
}

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
${CONDITION_SECTION}
${FEWER_SECTION}
## The exporter itself

${table(own())}
Beside these are \`process_*\` and \`nodejs_*\` of prom-client.
`;

generate('docs/metrics.md', page, 'the families');
