import * as fc from 'fast-check';

const AWKWARD = [
  '"',
  '\\',
  '\n',
  '\r',
  '\0',
  '\t',
  '#',
  '@',
  '{',
  '}',
  ',',
  '=',
  ' ',
  '\u007f',
  '\u2028',
  '\u202e',
  '\ud800',
  '\udfff',
  '💥',
  'é',
];

/** Text with every kind of character, torn surrogates among them. */
export const awkwardText = fc.oneof(
  fc.string({
    unit: fc.oneof(fc.constantFrom(...AWKWARD), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })),
    maxLength: 20,
  }),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    'h@b',
    'h@b#p',
    '# HELP x',
    '+Inf',
    'NaN',
    '\\n"',
    '"} 1\nx 2',
  ),
);

const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  awkwardText,
  fc.constantFrom(
    'up',
    'down',
    'enabled',
    'disabled',
    'infinite',
    'unknown',
    'auto',
    'True',
    'failed-over',
    '',
    '1e999',
    '-1',
    '0x10',
    ' 7 ',
  ),
  fc.constantFrom('2026-08-01T10:00:00.000000', '2026-13-99T99:99:99', '9999-12-31T23:59:59Z', '0001-01-01T00:00:00'),
  fc.constantFrom(0, -0, 1e308, -1e308, 5e-324, 2 ** 53, true, false, null),
);

const host = fc.oneof(fc.constantFrom('h@b', 'h@c', 'k@b'), awkwardText);

function having(keys: readonly string[]): fc.Arbitrary<Record<string, unknown>> {
  return fc.dictionary(fc.constantFrom(...keys, '__proto__', 'constructor', 'x'), anything, { maxKeys: 10 });
}

const serviceRow = fc
  .tuple(
    fc.oneof(fc.constantFrom('cinder-volume', 'cinder-scheduler'), awkwardText),
    host,
    having([
      'status',
      'state',
      'frozen',
      'zone',
      'cluster',
      'updated_at',
      'disabled_reason',
      'replication_status',
      'active_backend_id',
      'backend_state',
    ]),
  )
  .map(([binary, host, rest]) => ({ state: 'up', status: 'enabled', ...rest, binary, host }));

const poolRow = fc
  .tuple(
    host,
    fc.oneof(fc.constant(''), awkwardText),
    having([
      'backend_state',
      'timestamp',
      'total_capacity_gb',
      'free_capacity_gb',
      'allocated_capacity_gb',
      'provisioned_capacity_gb',
      'reserved_percentage',
      'max_over_subscription_ratio',
      'thin_provisioning_support',
      'volume_backend_name',
      'vendor_name',
      'storage_protocol',
    ]),
  )
  .map(([host, pool, capabilities]) => ({ name: `${host}#${pool}`, capabilities }));

const typeRow = fc
  .tuple(
    awkwardText,
    awkwardText,
    having([
      'volume_backend_name',
      'capabilities:vendor_name',
      'RESKEY:availability_zones',
      'capabilities:__proto__:x',
    ]),
  )
  .map(([id, name, extra_specs]) => ({ id, name, extra_specs }));

/** Three answers of a hostile cloud: rows nearly right, and anything else among them. */
export const hostileCloud = fc.record({
  services: fc.array(fc.oneof({ weight: 5, arbitrary: serviceRow }, { weight: 1, arbitrary: anything }), {
    maxLength: 8,
  }),
  pools: fc.array(fc.oneof({ weight: 5, arbitrary: poolRow }, { weight: 1, arbitrary: anything }), { maxLength: 8 }),
  types: fc.array(fc.oneof({ weight: 5, arbitrary: typeRow }, { weight: 1, arbitrary: anything }), { maxLength: 4 }),
});

export type HostileCloud = typeof hostileCloud extends fc.Arbitrary<infer T> ? T : never;

/** A change of some bytes: where (0 to 1), how many of the old go, and what comes instead. */
export const byteChanges = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    remove: fc.nat({ max: 40 }),
    insert: fc.oneof(
      fc.uint8Array({ maxLength: 8 }),
      fc.constantFrom('"', '{', '}', '[', ']', ',', ':', '\\', 'null').map((text) => Buffer.from(text)),
    ),
  }),
  { minLength: 1, maxLength: 4 },
);

/** The bytes after these changes. */
export function changed(
  bytes: Buffer,
  changes: readonly { readonly at: number; readonly remove: number; readonly insert: Uint8Array }[],
): Buffer {
  return changes.reduce((now, { at, remove, insert }) => {
    const from = Math.floor(at * now.length);
    return Buffer.concat([now.subarray(0, from), insert, now.subarray(from + remove)]);
  }, bytes);
}
