import { quoted } from '../config/tree.ts';
import { webAccess } from '../report/access.ts';
import { reportOf } from '../report/availability.ts';
import { gather, type Source } from '../report/gather.ts';
import { renderPage } from '../report/page.ts';
import { createPrometheus } from '../report/prometheus.ts';
import { rangeOf } from '../report/range.ts';
import { renderCsv, renderJson, renderMarkdown, renderTable } from '../report/render.ts';
import { SYSTEM_CLOCK } from '../clock.ts';
import { FlagError, help, parseFlags, written } from './flags.ts';

/** Before its flags in its help. */
export const REPORT_USAGE = `Usage: cinder-exporter report --prometheus.url URL [--month YYYY-MM | --from TIME [--to TIME]] [flags]

Asks a Prometheus (or Thanos, Mimir: the same API) and prints, for each backend and each volume type, how available it was: which share of the
observed time it was usable, which share of the time was observed, its outages, planned absences, and its capacity. Without a time it is
the last whole month, in UTC.

Flags:
`;

const FORMS = { table: renderTable, markdown: renderMarkdown, csv: renderCsv, json: renderJson, html: renderPage };

export const REPORT_FLAGS = [
  {
    name: 'prometheus.url',
    type: 'string',
    value: '<url>',
    help: 'Prometheus, or what speaks its API: http://prometheus:9090, https://mimir.example/prometheus.',
  },
  {
    name: 'prometheus.header',
    type: 'string',
    multiple: true,
    value: '<name: value>',
    help: 'A header of each request, such as "X-Scope-OrgID: storage"; may be repeated. No place for secrets.',
  },
  {
    name: 'http.config.file',
    type: 'string',
    value: '<file>',
    help: "Credentials, TLS and headers for Prometheus, in the format of Prometheus' own http_config.",
  },
  {
    name: 'month',
    type: 'string',
    value: '<yyyy-mm>',
    help: 'The month of the report, in UTC. Default: the last whole one.',
  },
  {
    name: 'from',
    type: 'string',
    value: '<time>',
    help: 'Instead of a month: 2026-10-01, 2026-10-01T12:00:00Z, or Unix time.',
  },
  { name: 'to', type: 'string', value: '<time>', help: 'The end of that time. Default: now.' },
  { name: 'cloud', type: 'string', value: '<name>', help: 'Only the targets with this label cloud.' },
  {
    name: 'output',
    type: 'string',
    value: '<format>',
    default: 'table',
    choices: Object.keys(FORMS),
    help: 'table, markdown, csv, json or html.',
  },
  {
    name: 'source',
    type: 'string',
    value: '<which>',
    default: 'auto',
    choices: ['auto', 'recorded', 'raw'],
    help: 'recorded: what the rules record; raw: the families of the exporter; auto: raw where nothing is recorded.',
  },
  {
    name: 'replica-labels',
    type: 'string',
    value: '<labels>',
    default: 'instance,pod',
    help: 'Labels that tell replicas from each other, with commas; as the setting replica_labels of the rules.',
  },
  { name: 'help', type: 'boolean', help: 'Print this help and exit.' },
] as const;

/** Asks Prometheus how available the storage was, and prints it. */
export async function report(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags(args, REPORT_FLAGS);
  if (values.help) {
    process.stdout.write(help(REPORT_FLAGS, REPORT_USAGE));
    return 0;
  }
  if (positionals.length > 0) throw new FlagError(`unexpected argument ${quoted(positionals[0] ?? '')}`);
  const range = rangeOf(values, SYSTEM_CLOCK.wall());
  const access = webAccess({
    flag: '--prometheus.url',
    expected: 'the URL of a Prometheus, such as http://prometheus.example:9090',
    url: values['prometheus.url'],
    headers: values['prometheus.header'],
    file: values['http.config.file'],
  });
  const question = {
    range,
    cloud: values.cloud,
    source: values.source as Source,
    replicaLabels: labelsOf(values['replica-labels']),
  };
  const terminal = process.stderr.isTTY;
  let answers = 0;
  const prometheus = createPrometheus(access, () => {
    answers += 1;
    if (terminal) process.stderr.write(`\rasking Prometheus … ${answers} answers`);
  });
  try {
    const { clouds, notes } = await gather(prometheus, question);
    if (terminal) process.stderr.write('\r\u001b[K');
    await written(FORMS[values.output as keyof typeof FORMS](reportOf(clouds, range, notes)));
    return 0;
  } catch (error) {
    if (terminal) process.stderr.write('\r\u001b[K');
    throw error;
  } finally {
    prometheus.close();
  }
}

function labelsOf(text: string): readonly string[] {
  const labels = text.split(',').map((label) => label.trim());
  const wrong = labels.find((label) => !/^[a-zA-Z_]\w*$/.test(label));
  if (wrong !== undefined) throw new FlagError(`--replica-labels: expected names of labels, got ${quoted(text)}`);
  return labels;
}
