import { escapeLabel, type Family, type FamilyGroup, type FamilyType } from './family.ts';

export type Format = 'text' | 'openmetrics';

/** One family, rendered: the lines that differ between the formats, and the samples, which do not. */
export interface RenderedFamily {
  readonly header: Readonly<Record<Format, string>>;
  /** The samples in pieces of about 128 KiB, each rendered when it is asked for; none when the family has no sample. */
  readonly samples: Iterable<string>;
}

/** Renders a group of families over its entities; the identity labels once an entity. */
export function* renderGroup<E>(group: FamilyGroup<E>, entities: readonly E[]): Generator<RenderedFamily> {
  const identities: string[] = [];
  const identityAt = (i: number): string => {
    identities[i] ??= renderIdentity(group.identity, group.identityOf(entities[i] as E));
    return identities[i];
  };
  for (const family of group.families) {
    yield { header: renderHeader(family), samples: renderSamples(family, entities, identityAt) };
  }
}

/** So much is rendered in about a millisecond, and compressed off the event loop before the next piece. */
export const PIECE = 131_072;

function* renderSamples<E>(
  family: Family<E>,
  entities: readonly E[],
  identityAt: (i: number) => string,
): Generator<string> {
  let text = '';
  const { name, samples } = family;
  let identity = '';
  const emit = (value: number, labels: string): void => {
    const all = identity + labels;
    const braced = all === '' ? '' : `{${all.startsWith(',') ? all.slice(1) : all}}`;
    text += `${name}${braced} ${formatValue(value)}\n`;
  };
  for (let i = 0; i < entities.length; i += 1) {
    identity = identityAt(i);
    samples(entities[i] as E, emit);
    if (text.length > PIECE) {
      yield text;
      text = '';
    }
  }
  if (text !== '') yield text;
}

function renderIdentity(names: readonly string[], values: readonly string[]): string {
  return names.map((name, i) => `${name}="${escapeLabel(values[i] ?? '')}"`).join(',');
}

/** A sample's value as both formats write it. */
export function formatValue(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '0' : String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

interface Described {
  readonly name: string;
  readonly help: string;
  readonly type: FamilyType | 'histogram' | 'summary' | 'unknown';
}

/** `# HELP` and `# TYPE` for text 0.0.4; `# TYPE`, `# UNIT`, `# HELP` for OpenMetrics, whose family names lack `_total` and `_info`. */
export function renderHeader({ name, help, type }: Described): Readonly<Record<Format, string>> {
  const base = type === 'counter' ? name.replace(/_total$/, '') : type === 'info' ? name.replace(/_info$/, '') : name;
  const unit = unitOf(base);
  const textHelp = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return {
    text: `# HELP ${name} ${textHelp}\n# TYPE ${name} ${type === 'info' ? 'gauge' : type === 'unknown' ? 'untyped' : type}\n`,
    openmetrics: `# TYPE ${base} ${type}\n${unit && type !== 'info' ? `# UNIT ${base} ${unit}\n` : ''}# HELP ${base} ${textHelp.replaceAll('"', '\\"')}\n`,
  };
}

function unitOf(name: string): string | undefined {
  return ['seconds', 'bytes', 'ratio'].find((unit) => name.endsWith(`_${unit}`));
}

/** The last line of an OpenMetrics page. */
export const OPENMETRICS_END = '# EOF\n';
