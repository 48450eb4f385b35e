export type FamilyType = 'gauge' | 'counter' | 'info';

/** A family is a value: its name exists once, and how to get its samples from an entity is a function. */
export interface Family<E> {
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
