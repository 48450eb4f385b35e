import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, mock, test } from 'node:test';
import * as fc from 'fast-check';
import type { CloudConfig, Config } from '../../src/config/config.ts';
import { ConfigError } from '../../src/config/error.ts';
import { completeConfig, loadConfig, OPERATION_LIMITS } from '../../src/config/load.ts';
import { cloudSchema } from '../../src/config/schema.ts';
import { parseSize } from '../../src/config/size.ts';
import { parseDuration } from '../../src/duration.ts';
import { assertLinear } from '../support/growth.ts';
import { BAD_FILES } from './bad-files.ts';

// Where the tests run, a control group may limit the memory.
const memory = mock.method(process, 'constrainedMemory', () => 0);

const dir = mkdtempSync(join(tmpdir(), 'config-'));
after(() => rmSync(dir, { recursive: true }));

const FILE = join(dir, 'exporter.yaml');

function load(document: string | Uint8Array, env: Record<string, string> = {}): Config {
  writeFileSync(FILE, document);
  return loadConfig(FILE, env);
}

function cloud(document: string, name: string): CloudConfig {
  const found = load(document).clouds.find((cloud) => cloud.name === name);
  assert.ok(found, `no cloud ${name}`);
  return found;
}

function refusal(file: string): string {
  try {
    loadConfig(file, {});
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('expected a ConfigError, got a configuration');
}

const DEFAULTS = {
  schedule: { kind: 'interval', everyMs: 30_000 },
  maxRandomDelayMs: 3000,
  requestTimeoutMs: 10_000,
  schedulerPatienceMs: 10_000,
  schedulerTimeoutMs: 180_000,
  collectors: { pools: true, volumeTypes: true, volumes: true, capabilities: true, operations: false },
  operationLimits: OPERATION_LIMITS,
  volumeTypesEveryMs: 600_000,
  limits: { maxBodyBytes: 268_435_456, maxRows: 200_000, maxLabelLength: 1024 },
};

test('without a file the one cloud is named after OS_CLOUD, or default', () => {
  assert.deepEqual(completeConfig({}, { OS_CLOUD: 'my cloud' }), { clouds: [{ name: 'my cloud', ...DEFAULTS }] });
  assert.deepEqual(completeConfig({}, { OS_CLOUD: '' }), { clouds: [{ name: 'default', ...DEFAULTS }] });
});

test('the longest answer that is read fits the memory that a control group gives, unless the file says otherwise', () => {
  const mib = 1024 * 1024;
  const limit = (bytes: number, own = ''): number | undefined => {
    memory.mock.mockImplementationOnce(() => bytes);
    return load(`defaults: {limits: {${own}}}\n`).clouds[0]?.limits.maxBodyBytes;
  };
  const cases = { 256: 32, 512: 64, 2048: 256, 65_536: 256, 1: 1 };
  for (const [given, body] of Object.entries(cases)) assert.equal(limit(Number(given) * mib), body * mib, given);
  // Version 1 of control groups has no word for no limit.
  assert.equal(limit(2 ** 63), 256 * mib);
  assert.equal(limit(256 * mib, 'max_body: 100MiB'), 100 * mib);
});

test('so do the most rows of it: small rows take more memory than they have bytes', () => {
  const limit = (bytes: number, own = ''): number | undefined => {
    memory.mock.mockImplementationOnce(() => bytes);
    return load(`defaults: {limits: {${own}}}\n`).clouds[0]?.limits.maxRows;
  };
  const mib = 1024 * 1024;
  const cases = { 256: 26_214, 512: 52_428, 65_536: 200_000, 1: 102 };
  for (const [given, rows] of Object.entries(cases)) assert.equal(limit(Number(given) * mib), rows, given);
  assert.equal(limit(2 ** 63), 200_000);
  assert.equal(limit(256 * mib, 'max_rows: 50000'), 50_000);
});

test('a file without clouds sets the defaults of that one cloud', () => {
  const config = load(
    'defaults: {interval: 1m30s}\ngrafana_url: https://g.example/grafana//\nrunbook_url: https://w.example/runbooks/\n',
    { OS_CLOUD: 'prod' },
  );
  assert.deepEqual(config, {
    clouds: [{ name: 'prod', ...DEFAULTS, schedule: { kind: 'interval', everyMs: 90_000 }, maxRandomDelayMs: 5000 }],
    grafanaUrl: 'https://g.example/grafana',
    runbookUrl: 'https://w.example/runbooks',
    file: FILE,
  });
});

test('every key, as the issue writes it', () => {
  const document = `
clouds:
  production:
    os_cloud: prod@dc.1
    schedule: "*/30 * * * * *"
    max_random_delay: 2s
    timeouts: {request: 9s, scheduler_patience: 8s, scheduler: 2m}
    stale_after: 5m
    collectors: {pools: false, volume_types: false, volumes: false, capabilities: false, operations: true}
    operation_limits: {creating: 45m, creating_from: 5h, backing_up: 2d, restoring: 36h, migration: 4d}
    volume_types_interval: 1h30m
    limits: {max_body: 64MiB, max_rows: 5, max_label_length: 255}
`;
  assert.deepEqual(cloud(document, 'production'), {
    name: 'production',
    osCloud: 'prod@dc.1',
    schedule: { kind: 'cron', expression: '*/30 * * * * *' },
    maxRandomDelayMs: 2000,
    requestTimeoutMs: 9000,
    schedulerPatienceMs: 8000,
    schedulerTimeoutMs: 120_000,
    staleAfterMs: 300_000,
    collectors: { pools: false, volumeTypes: false, volumes: false, capabilities: false, operations: true },
    operationLimits: {
      ...OPERATION_LIMITS,
      creating: 2_700_000,
      creatingFrom: 18_000_000,
      'backing-up': 172_800_000,
      'restoring-backup': 129_600_000,
      maintenance: 345_600_000,
    },
    volumeTypesEveryMs: 5_400_000,
    limits: { maxBodyBytes: 67_108_864, maxRows: 5, maxLabelLength: 255 },
  });
});

test('a cloud takes from defaults what it does not say, key by key', () => {
  const document = `
defaults: &all
  schedule: "0 */5 * * * *"
  timeouts: {request: 1s, scheduler: 60s}
  limits: {max_rows: 7}
clouds:
  a.b@c-1_:
  fast: {interval: 5s, timeouts: {request: 2s}, limits: {max_rows: 8, max_body: 1KiB}}
  alias: *all
`;
  const [plain, fast, alias] = load(document).clouds;
  assert.equal(plain?.name, 'a.b@c-1_');
  assert.equal(plain.osCloud, 'a.b@c-1_');
  assert.deepEqual(plain.schedule, { kind: 'cron', expression: '0 */5 * * * *' });
  assert.equal(plain.requestTimeoutMs, 1000);
  assert.deepEqual(fast?.schedule, { kind: 'interval', everyMs: 5000 });
  assert.deepEqual([fast.requestTimeoutMs, fast.schedulerTimeoutMs], [2000, 60_000]);
  assert.deepEqual(fast.limits, { maxBodyBytes: 1024, maxRows: 8, maxLabelLength: 1024 });
  assert.deepEqual({ ...alias, name: 'a.b@c-1_', osCloud: 'a.b@c-1_' }, plain);
});

test('a cloud with a schedule of its own drops a default interval', () => {
  const document = 'defaults: {interval: 10s}\nclouds: {a: {schedule: "@hourly"}, b: }\n';
  assert.deepEqual(cloud(document, 'a').schedule, { kind: 'cron', expression: '@hourly' });
  assert.deepEqual(cloud(document, 'b').schedule, { kind: 'interval', everyMs: 10_000 });
});

test('the random delay is a tenth of the shortest pause, at most 5 s', () => {
  for (const [setting, delayMs] of [
    ['interval: 1s', 100],
    ['interval: 5m', 5000],
    ['schedule: "*/10 * * * * *"', 1000],
    ['schedule: "58,2 * * * * *"', 400],
    ['schedule: "* * * * *"', 5000],
  ] as const) {
    assert.equal(cloud(`clouds: {a: {${setting}}}`, 'a').maxRandomDelayMs, delayMs, setting);
  }
});

test('schedules that are good', () => {
  for (const schedule of ['*/20 * * * * *', '0 0 */6 * * *', '10-40/7 * * * * *', '@daily', '* * * jan mon-fri']) {
    const expected = { kind: 'cron', expression: schedule };
    assert.deepEqual(cloud(`clouds: {a: {schedule: "${schedule}"}}`, 'a').schedule, expected);
  }
});

test('the defaults in the documentation are those that are filled in', () => {
  const words = new Map<string, string>();
  const shape = cloudSchema.shape;
  const sections = {
    '': shape,
    'timeouts.': shape.timeouts.unwrap().shape,
    'collectors.': shape.collectors.unwrap().shape,
    'limits.': shape.limits.unwrap().shape,
    'operation_limits.': shape.operation_limits.unwrap().shape,
  };
  for (const [prefix, section] of Object.entries(sections)) {
    for (const [key, schema] of Object.entries(section)) {
      const fallback = schema.unwrap().meta()?.key?.default;
      if (fallback !== undefined) words.set(prefix + key, fallback);
    }
  }
  const [filled] = completeConfig({}, {}).clouds;
  assert.ok(filled);
  const duration = (key: string) => parseDuration(words.get(key) ?? '');
  assert.deepEqual(filled.schedule, { kind: 'interval', everyMs: duration('interval') });
  assert.equal(filled.requestTimeoutMs, duration('timeouts.request'));
  assert.equal(filled.schedulerPatienceMs, duration('timeouts.scheduler_patience'));
  assert.equal(filled.schedulerTimeoutMs, duration('timeouts.scheduler'));
  assert.equal(filled.volumeTypesEveryMs, duration('volume_types_interval'));
  assert.equal(String(filled.collectors.pools), words.get('collectors.pools'));
  assert.equal(String(filled.collectors.volumeTypes), words.get('collectors.volume_types'));
  assert.equal(String(filled.collectors.capabilities), words.get('collectors.capabilities'));
  assert.equal(String(filled.collectors.operations), words.get('collectors.operations'));
  const limits = Object.keys(shape.operation_limits.unwrap().shape).map((key) => duration(`operation_limits.${key}`));
  assert.equal(limits.join(), Object.values(filled.operationLimits).join());
  assert.equal(filled.limits.maxBodyBytes, parseSize(words.get('limits.max_body') ?? ''));
  assert.equal(String(filled.limits.maxRows), words.get('limits.max_rows'));
  assert.equal(String(filled.limits.maxLabelLength), words.get('limits.max_label_length'));
});

for (const [name, document, lines] of BAD_FILES) {
  test(`refused: ${name}`, () => {
    writeFileSync(FILE, document);
    assert.deepEqual(
      refusal(FILE).split('\n'),
      lines.map((line) => `${FILE}:${line}`),
    );
  });
}

test('a file that is none', () => {
  const fifo = join(dir, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const circle = join(dir, 'circle');
  symlinkSync(circle, circle);
  mkdirSync(join(dir, 'folder'));
  const huge = join(dir, 'huge.yaml');
  writeFileSync(huge, '');
  truncateSync(huge, 100 * 1024 * 1024);
  for (const [file, reason] of [
    [join(dir, 'missing.yaml'), 'expected a file, got nothing of that name'],
    [join(FILE, 'below.yaml'), 'expected a file, got nothing of that name'],
    [circle, 'expected a file, got a circle of symbolic links'],
    [join(dir, 'folder'), 'expected a regular file, got a directory'],
    [fifo, 'expected a regular file, got a FIFO'],
    ['/dev/zero', 'expected a regular file, got a device'],
    [huge, 'expected at most 1048576 bytes, got 104857600 bytes'],
  ] as const) {
    assert.equal(refusal(file), `${file}: ${reason}`);
  }
});

test('bytes that are not UTF-8 are refused, a byte order mark is not', () => {
  assert.throws(() => load(Buffer.from('grafana_url: https://caf\xe9', 'latin1')), {
    message: `${FILE}: expected UTF-8 text, got other bytes`,
  });
  assert.equal(load('\ufeffgrafana_url: https://café.example').grafanaUrl, 'https://café.example');
});

test('an alias bomb costs nothing and is refused for what it is', async () => {
  const bomb = (depth: number): string => {
    const levels = Array.from({ length: depth }, (_, n) => `l${n + 1}: &l${n + 1} [${`*l${n}, `.repeat(9)}]`);
    return `l0: &l0 [lol]\n${levels.join('\n')}\ndefaults: {limits: *l${depth}}\n`;
  };
  // Nine times as much a level, if anything looked at it all.
  await assertLinear('an alias bomb', (scale) => {
    writeFileSync(FILE, bomb(2 * scale));
    return () => refusal(FILE);
  });
  writeFileSync(FILE, bomb(30));
  assert.match(refusal(FILE), /defaults\.limits: expected a mapping, got a list$/m);
});

test('thousands of problems are a message that can be read', () => {
  writeFileSync(FILE, Array.from({ length: 9000 }, (_, n) => `key${n}: 1\n`).join(''));
  const lines = refusal(FILE).split('\n');
  assert.equal(lines.length, 51);
  assert.equal(lines.at(-1), 'and 8950 more');
});

test('a pathological lump of any text is a ConfigError, at a cost that grows with its size alone', async () => {
  for (const piece of [
    '?\n',
    ']\n',
    'a: -\n',
    '&a\n',
    '[,',
    "'",
    '\t\n',
    '%YAML 1.2\n',
    '...\n',
    ': ',
    '\ufeff',
    '{a: ',
  ]) {
    await assertLinear(JSON.stringify(piece), (scale) => {
      // The larger is still read: a file of more tokens than anybody writes is refused before.
      writeFileSync(FILE, piece.repeat(Math.floor((8000 * scale) / piece.length)));
      return () => assert.ok(refusal(FILE).startsWith(`${FILE}:`), JSON.stringify(piece));
    });
    writeFileSync(FILE, piece.repeat(Math.floor(500_000 / piece.length)));
    assert.ok(refusal(FILE).startsWith(`${FILE}:`), JSON.stringify(piece));
  }
});

test('any text gives a configuration or a ConfigError, never another error', () => {
  const yaml = fc.array(
    fc.constantFrom(
      'clouds',
      'a',
      ': ',
      '\n',
      '  ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '&x ',
      '*x',
      '!!set ',
      '"',
      "'",
      '|',
      '>',
      '#',
      '<<',
      '---',
      '...',
      '%',
      ',',
      '? ',
      '1',
      'null',
      '\t',
    ),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'grapheme' }),
        yaml.map((parts) => parts.join('')),
      ),
      (text) => {
        try {
          assert.ok(load(text).clouds.length > 0);
        } catch (error) {
          assert.ok(error instanceof ConfigError, String(error));
          for (const line of error.problems) assert.match(line, /: expected .+, got .+$/s);
        }
      },
    ),
    { numRuns: 500 },
  );
});
