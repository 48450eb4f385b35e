import assert from 'node:assert/strict';

/** A service, as Checkmk makes it of a line of a local check. */
export interface LocalService {
  readonly state: number;
  readonly summary: string;
  readonly details: readonly string[];
  readonly metrics: ReadonlyMap<string, Metric>;
}

interface Metric {
  readonly value: number;
  /** Warning and critical, as written. */
  readonly levels: readonly [string, string];
  readonly min: number | undefined;
  readonly max: number | undefined;
}

/**
 * Reads the output of a local check as Checkmk does, and fails on what Checkmk refuses or would read otherwise. A line has a state, a name, metrics and a
 * text, with one blank between. A name has no quote and stands in quotes. `|` parts metrics, whose names are letters, digits and `_`. The two characters
 * `\n` in the text are a new line: the first line is the summary. Source: docs.checkmk.com, "Local checks"; Checkmk's own parser, agent_based/local.py.
 */
export function readLocal(output: string): ReadonlyMap<string, LocalService> {
  assert.ok(output.endsWith('\n'), 'the last line ends');
  const services = new Map<string, LocalService>();
  for (const line of output.slice(0, -1).split('\n')) {
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f]/, 'a line holds no control character');
    const match = /^([0-3P]) "([^"']+)" (\S+) (\S.*)$/.exec(line);
    assert.ok(match, `not a line of a local check: ${line}`);
    const [, state = '', name = '', metrics = '', text = ''] = match;
    assert.ok(!services.has(name), `${name} twice`);
    assert.equal(name, name.trim().replaceAll(/\s+/g, ' '), 'blanks of a name are single');
    const [summary = '', ...details] = text.split(String.raw`\n`);
    assert.notEqual(summary, '');
    services.set(name, { state: Number(state), summary, details, metrics: readMetrics(metrics) });
  }
  return services;
}

function readMetrics(written: string): ReadonlyMap<string, Metric> {
  if (written === '-') return new Map();
  const metrics = new Map<string, Metric>();
  for (const entry of written.split('|')) {
    const match = /^(\w+)=(-?\d+)(?:;([\d.:]*))?(?:;([\d.:]*))?(?:;(-?\d*))?(?:;(-?\d*))?$/.exec(entry);
    assert.ok(match, `not a metric: ${entry}`);
    const [, name = '', value, warning = '', critical = '', min = '', max = ''] = match;
    assert.ok(!metrics.has(name), `${name} twice`);
    const number = (text: string): number | undefined => (text === '' ? undefined : Number(text));
    metrics.set(name, { value: Number(value), levels: [warning, critical], min: number(min), max: number(max) });
  }
  return metrics;
}
