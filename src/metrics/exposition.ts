import { escapeLabel, type Family, type FamilyGroup, type FamilyType } from './family.ts';

export type Format = 'text' | 'openmetrics';

/** One family, rendered: the lines that differ between the formats, and the samples, which do not. */
export interface RenderedFamily {
  readonly header: Readonly<Record<Format, string>>;
  readonly samples: Buffer;
}

/** Renders a group of families over its entities. Families without a sample are left out. */
export function* renderGroup<E>(group: FamilyGroup<E>, entities: readonly E[]): Generator<RenderedFamily> {
  const identities = entities.map((entity) => renderIdentity(group.identity, group.identityOf(entity)));
  for (const family of group.families) {
    const samples = renderSamples(family, entities, identities);
    if (samples.length > 0) yield { header: renderHeader(family), samples };
  }
}

/** About 64 KiB of text is turned into bytes at a time: longer strings cost more to flatten. */
const CHUNK = 65_536;

function renderSamples<E>(family: Family<E>, entities: readonly E[], identities: readonly string[]): Buffer {
  const chunks: Buffer[] = [];
  let text = '';
  const { name, samples } = family;
  let open = '';
  const emit = (value: number, labels: string): void => {
    const all = open + labels;
    text +=
      all === ''
        ? `${name} ${formatValue(value)}\n`
        : `${name}{${all[0] === ',' ? all.slice(1) : all}} ${formatValue(value)}\n`;
  };
  for (let i = 0; i < entities.length; i += 1) {
    open = identities[i] ?? '';
    samples(entities[i] as E, emit);
    if (text.length > CHUNK) {
      chunks.push(Buffer.from(text));
      text = '';
    }
  }
  if (text !== '') chunks.push(Buffer.from(text));
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
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
