import { createHash } from 'node:crypto';
import { Document } from 'yaml';
import { CONDITION_TABLE, WORST_FIRST, conditionCode } from '../src/cinder/conditions.ts';
import type { AlertingRule } from '../src/rules/rule.ts';
import { ruleGroups } from '../src/rules/render.ts';
import { defaultSettings } from '../src/rules/settings.ts';
import { generate } from './generated.ts';

/** Writes deploy/zabbix/cinder.yaml, a template for Zabbix 6.0 and later, from the conditions and the alerts; with `--check` only compares. */
const NAME = 'Cinder by HTTP';
const RULES = ruleGroups(defaultSettings()).flatMap(({ rules }) =>
  rules.flatMap((rule) => ('alert' in rule ? [rule] : [])),
);
const PRIORITIES = { critical: 'HIGH', warning: 'WARNING', info: 'INFO' } as const;

/** Always the same for a thing, in the form of version 4, as imports want it. */
function uuid(thing: string): string {
  const hex = createHash('sha256').update(`cinder-exporter ${thing}`).digest('hex');
  return `${hex.slice(0, 12)}4${hex.slice(13, 16)}8${hex.slice(17, 32)}`;
}

/** How long each alert waits: macros, so that each can be set for a host. */
const WAITS = new Map<string, string>();

function ruleOf(alert: string): AlertingRule {
  const rule = RULES.find((one) => one.alert === alert);
  if (!rule) throw new Error(`no alert ${alert}`);
  return rule;
}

/** `min` over the time that the alert waits, and enough values in it that it was looked at: Zabbix takes one value for all of them. */
function holds(key: string, waits: string, holding: (value: string) => string): string {
  const item = `/${NAME}/${key}`;
  return `${holding(`min(${item},${waits})`)} and ${holding(`max(${item},${waits})`)} and count(${item},${waits})>=3`;
}

/** A trigger that says what an alert says, unless it says more. `expression` takes how long the alert waits. */
function trigger(
  alert: string,
  name: string,
  expression: (waits: string) => string,
  says = ruleOf(alert).summary,
): object {
  const { severity, for: waits = '0s' } = ruleOf(alert);
  WAITS.set(alert, waits);
  return {
    uuid: uuid(`trigger ${alert} ${name}`),
    expression: expression(`{$CINDER.FOR:"${alert}"}`),
    name,
    priority: PRIORITIES[severity],
    description: `${says}\n{$CINDER.URL}/runbooks/${alert}`,
    tags: [
      { tag: 'alert', value: alert },
      { tag: 'component', value: ruleOf(alert).component },
    ],
  };
}

const step = (type: string, parameters: readonly string[], more: object = {}): object => ({
  type,
  parameters,
  ...more,
});
const dropped = { error_handler: 'DISCARD_VALUE' };

/** A value that is read from the one answer. */
function item(key: string, name: string, preprocessing: readonly object[], more: object = {}): object {
  return {
    uuid: uuid(`item ${key}`),
    name,
    type: 'DEPENDENT',
    key,
    delay: '0',
    history: '30d',
    preprocessing,
    master_item: { key: 'cinder.backends' },
    ...more,
  };
}

/** A discovery by one step. Zabbix itself escapes what stands in place of a macro in a path. */
function discovery(key: string, name: string, rows: object, macros: readonly string[], more: object): object {
  return {
    uuid: uuid(`discovery ${key}`),
    name,
    type: 'DEPENDENT',
    key,
    delay: '0',
    lifetime: '1d',
    lld_macro_paths: macros.map((macro) => ({ lld_macro: `{#${macro}}`, path: `$.${macro.toLowerCase()}` })),
    preprocessing: [rows],
    master_item: { key: 'cinder.backends' },
    ...more,
  };
}

const BACKEND = '$.backends[?(@.cloud=="{#CLOUD}" && @.host=="{#HOST}")]';
const OF_POOL = '.pools[?(@.pool=="{#POOL}")]';
const POOL = BACKEND + OF_POOL;
const CONDITION = 'cinder.condition["{#CLOUD}","{#HOST}"]';

const CODES = [...WORST_FIRST].reverse();

/** Zabbix sees the condition, and one of three alerts stands for it. */
const FAILING =
  'Its capacity has vanished, the canary fails, or creations of users do. The status page says which, and leads to the runbook.';

function backends(): object {
  const alerts = WORST_FIRST.flatMap((condition) => {
    const { alert, one } = CONDITION_TABLE[condition];
    return alert === undefined
      ? []
      : trigger(
          alert.name,
          `Cinder: {#HOST} ${one}`,
          (waits) => holds(CONDITION, waits, (value) => `${value}=${conditionCode(condition)}`),
          condition === 'failing' ? FAILING : undefined,
        );
  });
  const age = (of: string, name: string): object =>
    item(
      `cinder.${of}.age["{#CLOUD}","{#HOST}"]`,
      name,
      [
        step('JSONPATH', [`${BACKEND}.${of}_age_seconds.first()`], dropped),
        step('MATCHES_REGEX', [String.raw`^[0-9.]+$`], dropped),
      ],
      { value_type: 'FLOAT', units: 's', tags: [{ tag: 'backend', value: '{#HOST}' }] },
    );
  return discovery('cinder.backends.discovery', 'Backends', step('JSONPATH', ['$.backends']), ['CLOUD', 'HOST'], {
    item_prototypes: [
      item(
        CONDITION,
        'Condition of {#HOST}',
        [
          step('JSONPATH', [`${BACKEND}.condition.first()`], dropped),
          step('JAVASCRIPT', [`return ${JSON.stringify(CODES)}.indexOf(value);`]),
        ],
        {
          valuemap: { name: 'Condition' },
          tags: [{ tag: 'backend', value: '{#HOST}' }],
          trigger_prototypes: alerts,
        },
      ),
      age('stats', 'Age of the stats of {#HOST}'),
      age('heartbeat', 'Age of the heartbeat of {#HOST}'),
    ],
  });
}

function pools(): object {
  const { pool_physical_space_critical_ratio: critical } = defaultSettings();
  const key = (of: string): string => `cinder.pool.${of}["{#CLOUD}","{#HOST}","{#POOL}"]`;
  const tags = [
    { tag: 'backend', value: '{#HOST}' },
    { tag: 'pool', value: '{#POOL}' },
  ];
  // "infinite" and null are no number of bytes.
  const bytes = (of: string, name: string): object =>
    item(
      key(of),
      name,
      [step('JSONPATH', [`${POOL}.${of}_bytes.first()`], dropped), step('MATCHES_REGEX', ['^[0-9]+$'], dropped)],
      { units: 'B', tags },
    );
  return discovery(
    'cinder.pools.discovery',
    'Pools',
    step('JAVASCRIPT', [
      `var pools = JSON.parse(value).backends.map(function (b) {
  return b.pools.map(function (p) { return { cloud: b.cloud, host: b.host, pool: p.pool }; });
});
return JSON.stringify([].concat.apply([], pools));`,
    ]),
    ['CLOUD', 'HOST', 'POOL'],
    {
      item_prototypes: [
        item(
          key('state'),
          'State of pool {#POOL} of {#HOST}',
          [
            // A trigger sees the items of one discovery alone: that other pools are up is looked for here.
            step(
              'JSONPATH',
              [`${BACKEND.replace(')]', ' && @.condition=="degraded")]')}${OF_POOL}.backend_state.first()`],
              {
                error_handler: 'CUSTOM_VALUE',
                error_handler_params: 'up',
              },
            ),
            step('JAVASCRIPT', ["return value === 'down' ? 0 : 1;"]),
          ],
          { valuemap: { name: 'State' }, tags },
        ),
        bytes('total', 'Size of pool {#POOL} of {#HOST}'),
        bytes('free', 'Free space of pool {#POOL} of {#HOST}'),
      ],
      trigger_prototypes: [
        trigger('CinderPoolDown', 'Cinder: pool {#POOL} of {#HOST} is down', (waits) =>
          holds(key('state'), waits, (value) => `${value}=0`),
        ),
        trigger(
          'CinderPoolPhysicalSpaceCritical',
          'Cinder: pool {#POOL} of {#HOST} has almost no space left',
          (waits) =>
            `max(/${NAME}/${key('free')},${waits})<${critical}*last(/${NAME}/${key('total')}) and count(/${NAME}/${key('free')},${waits})>=3`,
        ),
      ],
    },
  );
}

const unreadable = 'cinder.clouds.unreadable';

const TEMPLATE = {
  uuid: uuid('template'),
  template: NAME,
  name: NAME,
  description:
    'Storage backends of OpenStack Cinder, from cinder-exporter. Set {$CINDER.URL}. Made from the alerts of cinder-exporter: docs/zabbix.md.',
  groups: [{ name: 'Templates/Applications' }],
  items: [
    {
      uuid: uuid('item cinder.backends'),
      name: 'What the exporter knows',
      type: 'HTTP_AGENT',
      key: 'cinder.backends',
      delay: '{$CINDER.INTERVAL}',
      history: '0',
      trends: '0',
      value_type: 'TEXT',
      url: '{$CINDER.URL}/api/v1/backends',
      authtype: 'BASIC',
      username: '{$CINDER.USER}',
      password: '{$CINDER.PASSWORD}',
      timeout: '10s',
    },
    item(
      unreadable,
      'Clouds that cannot be read',
      [step('JAVASCRIPT', ['return JSON.parse(value).clouds.filter(function (cloud) { return !cloud.up; }).length;'])],
      {
        triggers: [
          trigger(
            'CinderExporterDown',
            'Cinder: the exporter does not answer',
            (waits) => `nodata(/${NAME}/${unreadable},${waits})=1`,
          ),
          trigger('CinderAPIUnreachable', 'Cinder: the service list cannot be read', (waits) =>
            holds(unreadable, waits, (value) => `${value}>0`),
          ),
        ],
      },
    ),
  ],
  discovery_rules: [backends(), pools()],
  macros: [
    { macro: '{$CINDER.URL}', value: 'http://localhost:10776', description: 'The exporter' },
    { macro: '{$CINDER.INTERVAL}', value: '30s', description: 'How often it is asked' },
    { macro: '{$CINDER.USER}', description: 'Of its web configuration file, if it wants a password' },
    { macro: '{$CINDER.PASSWORD}', type: 'SECRET_TEXT' },
  ],
  valuemaps: [
    {
      uuid: uuid('valuemap Condition'),
      name: 'Condition',
      mappings: CODES.map((condition) => ({
        value: String(conditionCode(condition)),
        newvalue: CONDITION_TABLE[condition].words,
      })),
    },
    {
      uuid: uuid('valuemap State'),
      name: 'State',
      mappings: [
        { value: '0', newvalue: 'down, others are up' },
        { value: '1', newvalue: 'up, or as its backend' },
      ],
    },
  ],
};

for (const [alert, value] of WAITS)
  TEMPLATE.macros.push({ macro: `{$CINDER.FOR:"${alert}"}`, value, description: `How long ${alert} waits` });

const document = new Document({
  zabbix_export: {
    version: '6.0',
    date: '2026-11-26T00:00:00Z',
    groups: [{ uuid: 'a571c0d144b14fd4a87a9d9b2aa9fcd6', name: 'Templates/Applications' }],
    templates: [TEMPLATE],
  },
});
document.commentBefore = ' Generated: npm run docs. Setting it up: docs/zabbix.md.';
generate(
  'deploy/zabbix/cinder.yaml',
  document.toString({ lineWidth: 0, defaultStringType: 'QUOTE_SINGLE', defaultKeyType: 'PLAIN' }),
  'the alerts',
);
