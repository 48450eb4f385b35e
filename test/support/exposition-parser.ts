/** One line of a page. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly unit: string;
  readonly samples: readonly Sample[];
}

/** A parsed page. */
export interface Exposition {
  readonly families: ReadonlyMap<string, Family>;
  /** All samples of that name, in the page's order; none is an empty list. */
  samples(name: string): readonly Sample[];
  /** The value of the one sample of that name that has (at least) these labels; undefined when there is none. Two are an error. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
}

export type ExpositionFormat = 'text' | 'openmetrics';

interface Draft {
  readonly name: string;
  type: string | undefined;
  help: string | undefined;
  unit: string | undefined;
  readonly samples: Sample[];
}

const METRIC = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const META = new RegExp(`^# (HELP|TYPE|UNIT) (${METRIC}) ?(.*)$`, 's');
const SAMPLE = new RegExp(`^(${METRIC})(\\{.*\\})? (\\S+)$`, 's');
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/y;
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
/** What may follow a family's name in a sample of its type. */
const SUFFIXES: Readonly<Record<ExpositionFormat, Readonly<Record<string, readonly string[]>>>> = {
  text: { histogram: ['_bucket', '_sum', '_count'], summary: ['', '_sum', '_count'] },
  openmetrics: {
    counter: ['_total'],
    info: ['_info'],
    histogram: ['_bucket', '_sum', '_count'],
    summary: ['', '_sum', '_count'],
  },
};
const TYPES: Readonly<Record<ExpositionFormat, readonly string[]>> = {
  text: ['counter', 'gauge', 'histogram', 'summary', 'untyped'],
  openmetrics: ['counter', 'gauge', 'histogram', 'summary', 'info', 'stateset', 'unknown'],
};

/**
 * Reads a whole page of text format 0.0.4 or OpenMetrics 1.0, and is stricter than Prometheus: every family has HELP and
 * TYPE before its samples, families are neither repeated nor interleaved, no series comes twice, no timestamps. Throws an
 * Error that quotes the line.
 */
export function parseExposition(page: string, format: ExpositionFormat): Exposition {
  if (!page.endsWith('\n')) throw new Error('the page does not end with a line feed');
  const lines = page.slice(0, -1).split('\n');
  if (format === 'openmetrics' && lines.pop() !== '# EOF') throw new Error('the last line is not # EOF');
  const drafts = new Map<string, Draft>();
  const series = new Set<string>();
  let current: Draft | undefined;
  for (const [index, line] of lines.entries()) {
    const fail = (why: string): never => {
      throw new Error(`line ${index + 1}: ${why}: ${line}`);
    };
    const [, kind, name = '', text = ''] = META.exec(line) ?? [];
    if (kind !== undefined) {
      if (current?.name !== name) {
        if (drafts.has(name)) fail('the family comes twice');
        current = { name, type: undefined, help: undefined, unit: undefined, samples: [] };
        drafts.set(name, current);
      }
      describe(current, kind, text, format, fail);
      continue;
    }
    const sample = parseSample(line, fail);
    if (current?.type === undefined || current.help === undefined) return fail('a sample before TYPE and HELP');
    const suffixes = SUFFIXES[format][current.type] ?? [''];
    const { name: family } = current;
    if (!suffixes.some((suffix) => sample.name === family + suffix)) fail(`not a sample of ${current.type} ${family}`);
    const identity = JSON.stringify([
      sample.name,
      Object.entries(sample.labels).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ]);
    if (series.has(identity)) fail('the series comes twice');
    series.add(identity);
    current.samples.push(sample);
  }
  return exposition(drafts);
}

function describe(
  draft: Draft,
  kind: string,
  text: string,
  format: ExpositionFormat,
  fail: (why: string) => never,
): void {
  if (draft.samples.length > 0) fail('after the samples of its family');
  const key = kind.toLowerCase() as 'help' | 'type' | 'unit';
  if (draft[key] !== undefined) fail(`a second ${kind}`);
  if (key === 'type' && !TYPES[format].includes(text)) fail('an unknown type');
  if (key === 'unit' && (format === 'text' || !draft.name.endsWith(`_${text}`))) fail('not the suffix of its family');
  if (key === 'help' && text === '') fail('HELP says nothing');
  if (format === 'openmetrics' && key !== 'help' && draft.help !== undefined) fail('the order is TYPE, UNIT, HELP');
  draft[key] = key === 'help' ? unescape(text) : text;
}

function parseSample(line: string, fail: (why: string) => never): Sample {
  const [, name, braces = '', value = ''] = SAMPLE.exec(line) ?? [];
  if (name === undefined) return fail('not a sample');
  return { name, labels: parseLabels(braces.slice(1, -1), fail), value: parseValue(value, fail) };
}

function parseLabels(text: string, fail: (why: string) => never): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const [, name, value] = LABEL.exec(text) ?? [];
    if (name === undefined || value === undefined) return fail('bad labels');
    if (name in labels) fail(`label ${name} comes twice`);
    labels[name] = unescape(value);
  }
  return labels;
}

function parseValue(text: string, fail: (why: string) => never): number {
  if (text === '+Inf' || text === '-Inf') return text === '+Inf' ? Infinity : -Infinity;
  if (text === 'NaN') return NaN;
  return NUMBER.test(text) ? Number(text) : fail('bad value');
}

function unescape(text: string): string {
  return text.replaceAll(/\\(.)/gs, (_, character: string) => (character === 'n' ? '\n' : character));
}

function exposition(drafts: ReadonlyMap<string, Draft>): Exposition {
  const families = new Map(
    [...drafts].map(([name, { type = '', help = '', unit = '', samples }]) => [
      name,
      { name, type, help, unit, samples },
    ]),
  );
  const all = [...families.values()].flatMap((family) => family.samples);
  const samples = (name: string): readonly Sample[] => all.filter((sample) => sample.name === name);
  return {
    families,
    samples,
    value(name, labels = {}) {
      const wanted = Object.entries(labels);
      const found = samples(name).filter((sample) => wanted.every(([key, value]) => sample.labels[key] === value));
      if (found.length > 1) throw new Error(`${found.length} samples of ${name} have ${JSON.stringify(labels)}`);
      return found[0]?.value;
    },
  };
}
