export type FamilyType = 'gauge' | 'counter' | 'info';

/** A family is a value: its name exists once, and how to get its samples from an entity is a function. */
interface Family<E> {
  readonly name: string;
  readonly help: string;
  readonly type: FamilyType;
  /** Label names beyond the identity of the entity. */
  readonly labels: readonly string[];
  /**
   * Calls `emit` once for each sample of the entity: with its value, and its further labels already rendered
   * (`,zone="nova"`), or an empty string.
   */
  readonly samples: (entity: E, emit: (value: number, renderedLabels: string) => void) => void;
}

/** Families of one kind of entity: the identity labels are declared, and rendered, once for all of them. */
export interface FamilyGroup<E> {
  readonly identity: readonly string[];
  readonly identityOf: (entity: E) => readonly string[];
  readonly families: readonly Family<E>[];
  /** An entity that is the same object as at its place before has the same samples, and is not read again. */
  readonly unchanging?: boolean;
}

/** A gauge with one sample for an entity, or none when the value is undefined. Times and sizes in base units. */
export function gauge<E>(name: string, help: string, value: (entity: E) => number | undefined): Family<E> {
  return single('gauge', name, help, value);
}

/** A counter: the value only grows, and its name ends in `_total`. */
export function counter<E>(name: string, help: string, value: (entity: E) => number | undefined): Family<E> {
  return single('counter', name, help, value);
}

/** A gauge that is 1 for true, 0 for false, and has no sample for undefined. */
export function flag<E>(name: string, help: string, value: (entity: E) => boolean | undefined): Family<E> {
  return gauge(name, help, (entity) => {
    const said = value(entity);
    return said === undefined ? undefined : said ? 1 : 0;
  });
}

/** A time as seconds since the epoch, to the microsecond, from milliseconds. */
export function timestamp<E>(name: string, help: string, valueMs: (entity: E) => number | undefined): Family<E> {
  return gauge(name, help, (entity) => {
    const ms = valueMs(entity);
    return ms === undefined ? undefined : Math.round(ms * 1000) / 1_000_000;
  });
}

/** Descriptive labels with the constant value 1. Every label is always there; what is not told is empty. */
export function info<E>(
  name: string,
  help: string,
  labels: Readonly<Record<string, (entity: E) => string | undefined>>,
): Family<E> {
  const names = Object.keys(labels);
  const getters = Object.values(labels);
  const samples: Family<E>['samples'] = (entity, emit) => {
    let rendered = '';
    for (const [index, get] of getters.entries()) rendered += `,${names[index]}="${escapeLabel(get(entity) ?? '')}"`;
    emit(1, rendered);
  };
  return { name, help, type: 'info', labels: names, samples };
}

/** A sample for each of several values of an entity: its labels in the order of `labels`, and the value. */
export function several<E>(
  type: FamilyType,
  name: string,
  help: string,
  labels: readonly string[],
  values: (entity: E) => Iterable<readonly [labels: readonly string[], value: number]>,
): Family<E> {
  const samples: Family<E>['samples'] = (entity, emit) => {
    for (const [said, value] of values(entity))
      emit(value, labels.map((label, i) => `,${label}="${escapeLabel(said[i] ?? '')}"`).join(''));
  };
  return { name, help, type, labels, samples };
}

/** One 0/1 series for each of several states, exactly one of which is 1. */
export function states<E>(
  name: string,
  help: string,
  label: string,
  all: readonly string[],
  current: (entity: E) => string,
): Family<E> {
  const rendered = all.map((state) => `,${label}="${escapeLabel(state)}"`);
  const samples: Family<E>['samples'] = (entity, emit) => {
    const index = all.indexOf(current(entity));
    for (let i = 0; i < rendered.length; i += 1) emit(i === index ? 1 : 0, rendered[i] ?? '');
  };
  return { name, help, type: 'gauge', labels: [label], samples };
}

function single<E>(type: FamilyType, name: string, help: string, value: (entity: E) => number | undefined): Family<E> {
  const samples: Family<E>['samples'] = (entity, emit) => {
    const said = value(entity);
    if (said !== undefined) emit(said, '');
  };
  return { name, help, type, labels: [], samples };
}

const SPECIAL = /[\\"\n]/g;

/** Escapes a label's value for both text formats. Source: Prometheus' exposition formats, OpenMetrics 1.0 "escaped-string". */
export function escapeLabel(value: string): string {
  return value.search(SPECIAL) === -1 ? value : value.replace(SPECIAL, (c) => (c === '\n' ? '\\n' : `\\${c}`));
}

export type Format = 'text' | 'openmetrics';

/** One family, rendered: the lines that differ between the formats, and the samples, which do not. */
export interface RenderedFamily {
  readonly header: Readonly<Record<Format, string>>;
  /** Each piece is read from its entities when it is asked for; none when the family has no sample. */
  readonly samples: Iterable<Piece>;
}

/** Samples of one family, of one entity after the other: about 128 KiB as text. */
export interface Piece {
  readonly name: string;
  readonly entities: Entities;
  /** The place of its first entity among all. */
  readonly from: number;
  /** How many samples each entity from there has. */
  readonly counts: readonly number[];
  readonly values: readonly number[];
  /** The further labels of each sample, rendered. */
  readonly labels: readonly string[];
  /** Its text is that of the piece at its place before. */
  readonly isAsBefore: boolean;
}

/** All entities of a group, whose families share them. */
interface Entities {
  readonly all: readonly unknown[];
  /** The identity labels, rendered; of those that have a sample. */
  readonly identities: (string | undefined)[];
}

/** What is known of the pieces of a family, by their place, from the page before. */
export type KnownPiece = (family: string, position: number) => Piece | undefined;

/** Reads a group of families from its entities; the identity labels are rendered once an entity. */
function* renderGroup<E>(
  group: FamilyGroup<E>,
  headers: readonly RenderedFamily['header'][],
  all: readonly E[],
  known: KnownPiece,
): Generator<RenderedFamily> {
  const entities: Entities = { all, identities: [] };
  let before: Entities | undefined;
  for (const { name } of group.families) before ??= known(name, 0)?.entities;
  const reader: GroupReader<E> = {
    all,
    entities,
    before,
    isAgain: (i) => group.unchanging === true && before?.all[i] === all[i],
    identityAt(i) {
      let identity = entities.identities[i];
      if (identity !== undefined) return identity;
      const old = before?.identities[i];
      identity = old !== undefined && reader.isAgain(i) ? old : renderIdentity(group, all[i] as E);
      // One text for both pages, so that they need not be compared once more for each family.
      if (identity === old) identity = old;
      entities.identities[i] = identity;
      return identity;
    },
  };
  for (const [i, header] of headers.entries()) {
    yield { header, samples: readSamples(group.families[i] as Family<E>, reader, known) };
  }
}

/** What users see of a family: docs, rules, dashboards and tests read it. */
export interface FamilyDescription {
  readonly name: string;
  readonly type: FamilyType;
  readonly help: string;
  readonly labels: readonly string[];
}

/** Families that are rendered from one source, such as a snapshot, whatever their entities are. */
export interface Families<S> {
  readonly described: readonly FamilyDescription[];
  readonly render: (source: S, known: KnownPiece) => Generator<RenderedFamily>;
}

/** A group, and how its entities come from the source. */
export function from<S, E>(group: FamilyGroup<E>, entitiesOf: (source: S) => readonly E[]): Families<S> {
  const described = group.families.map(({ name, type, help, labels }) => ({
    name,
    type,
    help,
    labels: [...group.identity, ...labels],
  }));
  const headers = group.families.map((family) => renderHeader(family));
  return { described, render: (source, known) => renderGroup(group, headers, entitiesOf(source), known) };
}

/** So much text is rendered in about a millisecond, and compressed off the event loop before the next piece. */
export const PIECE = 131_072;

/** Characters of a sample beside its name and its labels: its value, and what is between them. */
const BESIDE_LABELS = 12;

interface GroupReader<E> {
  readonly all: readonly E[];
  readonly entities: Entities;
  readonly before: Entities | undefined;
  /** Is the entity here the one that was at its place before, and has the same samples? */
  readonly isAgain: (i: number) => boolean;
  readonly identityAt: (i: number) => string;
}

function* readSamples<E>(family: Family<E>, group: GroupReader<E>, known: KnownPiece): Generator<Piece> {
  let position = 0;
  for (let from = 0; from < group.all.length;) {
    const old = known(family.name, position);
    const piece = readPiece(family, group, from, old?.from === from ? old : undefined);
    from += piece.counts.length;
    if (piece.values.length === 0) continue;
    yield piece;
    position += 1;
  }
}

/** Reads a piece beside the one at its place before: what is the same need not be written down again. */
function readPiece<E>(
  { name, samples }: Family<E>,
  { all, entities, before, isAgain, identityAt }: GroupReader<E>,
  from: number,
  old: Piece | undefined,
): Piece {
  const counts: number[] = [];
  let written: { readonly values: number[]; readonly labels: string[] } | undefined = old
    ? undefined
    : { values: [], labels: [] };
  let read = 0;
  let characters = 0;
  /** From here on it is another piece. */
  const write = (): { readonly values: number[]; readonly labels: string[] } =>
    (written ??= { values: old?.values.slice(0, read) ?? [], labels: old?.labels.slice(0, read) ?? [] });
  const emit = (value: number, further: string): void => {
    if (written || !old || !isSame(old, read, value, further)) {
      const { values, labels } = write();
      values.push(value);
      labels.push(further);
    }
    read += 1;
    characters += further.length;
  };
  /** Where the samples of the entity were before. */
  let oldAt = 0;
  for (let i = from; i < all.length && characters < PIECE; i += 1) {
    const start = read;
    const oldCount = old?.counts[i - from] ?? 0;
    if (old && i - from < old.counts.length && isAgain(i)) {
      for (let at = oldAt; at < oldAt + oldCount; at += 1) emit(old.values[at] as number, old.labels[at] as string);
    } else {
      samples(all[i] as E, emit);
    }
    const count = read - start;
    if (count !== oldCount) write();
    oldAt += oldCount;
    counts.push(count);
    if (count === 0) continue;
    const identity = identityAt(i);
    if (identity !== before?.identities[i]) write();
    characters += count * (name.length + identity.length + BESIDE_LABELS);
  }
  const isAsBefore = old !== undefined && written === undefined && counts.length === old.counts.length;
  if (isAsBefore) return { ...old, entities, isAsBefore };
  return { name, entities, from, counts, ...write(), isAsBefore };
}

function isSame(piece: Piece, at: number, value: number, further: string): boolean {
  return Object.is(piece.values[at], value) && piece.labels[at] === further;
}

/** The lines of a piece. */
export function renderPiece({ name, entities: { identities }, from, counts, values, labels }: Piece): string {
  let text = '';
  let at = 0;
  for (const [i, count] of counts.entries()) {
    const identity = identities[from + i] ?? '';
    for (const end = at + count; at < end; at += 1) {
      const all = identity + labels[at];
      const braced = all === '' ? '' : `{${all.startsWith(',') ? all.slice(1) : all}}`;
      text += `${name}${braced} ${formatValue(values[at] as number)}\n`;
    }
  }
  return text;
}

function renderIdentity<E>({ identity, identityOf }: FamilyGroup<E>, entity: E): string {
  const values = identityOf(entity);
  let text = '';
  for (let i = 0; i < identity.length; i += 1)
    text += `${i === 0 ? '' : ','}${identity[i]}="${escapeLabel(values[i] ?? '')}"`;
  return text;
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
