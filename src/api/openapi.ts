import * as z from 'zod';
import { CONDITIONS, FAILING_BY } from '../cinder/conditions.ts';
import { COLLECTORS } from '../cinder/snapshot.ts';
import { VERSION } from '../version.ts';
import type { BackendView, CloudView } from './view.ts';

/** A query parameter in OpenAPI. */
interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'path';
  readonly description: string;
  readonly required: boolean;
  readonly schema: { readonly type: 'string' };
}

/** What a status means: a schema by its name among the components, or a media type without one. */
interface Meaning {
  readonly description: string;
  readonly schema?: string;
  readonly type?: string | readonly string[];
}

/** An operation in OpenAPI. */
interface Operation {
  readonly operationId: string;
  readonly tags: readonly [string];
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  readonly responses: Readonly<Record<string, object>>;
}

function parameter(name: string, description: string, required: boolean): Parameter {
  return { name, in: 'query', description, required, schema: { type: 'string' } };
}

/** An answer of one line of plain text. */
function text(description: string): Meaning {
  return { description, type: 'text/plain' };
}

function operation(
  operationId: string,
  tag: string,
  summary: string,
  meanings: Readonly<Record<number, Meaning>>,
  parameters: readonly Parameter[] = [],
): Operation {
  const responses = Object.fromEntries(
    Object.entries(meanings).map(([status, meaning]) => [
      status,
      { description: meaning.description, content: contentOf(meaning) },
    ]),
  );
  return { operationId, tags: [tag], summary, parameters, responses };
}

function contentOf({ schema, type = 'text/plain' }: Meaning): Record<string, object> {
  if (schema !== undefined) return { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } };
  return Object.fromEntries([type].flat().map((one) => [one, {}]));
}

/** The JSON answers as schemas, from which the OpenAPI description is made. The types of `view.ts` must fit them. */
const when = z.string().meta({ format: 'date-time' }).nullable();
const bytes = z
  .union([z.number(), z.literal('infinite')])
  .nullable()
  .describe('Bytes; null is not told');
const ratio = z.number().nullable().describe('From 0 to 1; null is not told');
const state = z.enum(['up', 'down']).nullable();

const service = z.strictObject({
  host: z.string(),
  enabled: z.boolean().nullable(),
  state: state.describe('By the heartbeat'),
  frozen: z.boolean().nullable(),
  updated_at: when.describe('The last heartbeat'),
  disabled_reason: z.string().nullable(),
  replication_status: z.string().nullable(),
  active_backend_id: z.string().nullable(),
  backend_state: z.string().nullable().describe("Cinder's own word in the service list"),
});

const pool = z.strictObject({
  pool: z.string(),
  backend_state: z.string().nullable().describe("The driver's own word; null when it never says"),
  stats_at: when,
  total_bytes: bytes,
  free_bytes: bytes,
  allocated_bytes: bytes,
  provisioned_bytes: bytes,
  virtual_free_bytes: bytes.describe("By the scheduler's own arithmetic; may be negative"),
  reserved_ratio: ratio,
  max_over_subscription_ratio: z.number().nullable(),
  thin_provisioning: z.boolean().nullable(),
});

const backendSchema = z.strictObject({
  cloud: z.string(),
  host: z.string().describe('`host@backend`, or `cluster@backend`'),
  backend: z.string().describe('The section in cinder.conf'),
  state: state.describe('null: nobody can say'),
  condition: z.enum(CONDITIONS),
  failing_by: z
    .enum(FAILING_BY)
    .nullable()
    .describe('What shows that it is `failing`: no capacity, the canary, or creations of users; null otherwise'),
  reason: z.string().describe('Why, in one sentence'),
  since: when.describe('When this process first saw it in this condition'),
  changes: z.int().min(0).describe('Changes of the condition that this process has seen'),
  state_reported: z.boolean().nullable().describe('Does the driver itself report a state?'),
  array_outage: z
    .enum(['says_down', 'stats_stop', 'no_capacity', 'never_asks'])
    .nullable()
    .describe('What its driver shows when its array does not answer; null is not known'),
  volumes: z
    .strictObject({ in_use: z.number().nullable(), available: z.number().nullable(), counted_at: when })
    .nullable()
    .describe('null: not counted, or not yet'),
  volume_types_without_another: z
    .int()
    .min(0)
    .describe('Volume types that no other usable backend serves, as far as the volume types are read'),
  last_creation_at: when.describe(
    'When the last volume was made on it, as far as the collector `operations` saw; null: not known',
  ),
  operations_stuck: z
    .record(z.string(), z.int())
    .describe('Volumes that have been in a status such as `creating` for too long, by status'),
  stats_at: when.describe('The newest `timestamp` of its driver stats'),
  stats_age_seconds: z.number().nullable().describe("By Cinder's clock; null when the time lies ahead of it"),
  heartbeat_at: when.describe(
    'The newest `updated_at` of its services: the last heartbeat, or the last change of the row',
  ),
  heartbeat_age_seconds: z
    .number()
    .nullable()
    .describe("The last heartbeat is at least this old, by Cinder's clock; null when the time lies ahead of it"),
  cluster: z.string().nullable(),
  zone: z.string(),
  services: z.array(service),
  pools: z.array(pool),
}) satisfies z.ZodType<BackendView>;

const cloud = z.strictObject({
  cloud: z.string(),
  up: z.boolean().describe('The last refresh read the service list'),
  refreshed_at: when,
  collectors: z.array(
    z.strictObject({
      collector: z.enum(COLLECTORS),
      success: z.boolean(),
      last_success_at: when,
      failing_since: when,
      reason: z.string().nullable(),
      message: z.string().nullable(),
    }),
  ),
}) satisfies z.ZodType<CloudView>;

const backendsSchema = z.strictObject({ clouds: z.array(cloud), backends: z.array(backendSchema) });

const targetsSchema = z.array(
  z.strictObject({ targets: z.array(z.string()), labels: z.record(z.string(), z.string()) }),
);

/** The OpenAPI 3.1 description of everything that the exporter answers. `telemetryPath` is where the metrics are. */
export function describeApi(telemetryPath: string) {
  return {
    openapi: '3.1.0',
    info: {
      title: 'cinder-exporter',
      version: VERSION,
      summary: 'The state of OpenStack Cinder storage backends',
      description:
        'Every answer comes from memory: no request here reaches a cloud. Parameters that are not known are ignored.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    // Relative to this document, so that it also holds behind a proxy.
    servers: [{ url: '.' }],
    tags: [
      { name: 'prometheus', description: 'What Prometheus reads' },
      { name: 'api', description: 'The same as JSON' },
      { name: 'lifecycle', description: 'The process' },
      { name: 'status page', description: 'For people' },
    ],
    paths: {
      [telemetryPath]: {
        get: metrics('getMetrics', 'The metrics of the one cloud, or of the process when there are several', []),
      },
      ...PATHS,
    },
    components: { schemas: schemas() },
  };
}

const cloudName = (required: boolean) => parameter('cloud', 'Name of a watched cloud', required);

const FILTER: Operation['parameters'] = [
  parameter('q', 'Part of the name of a backend, host, pool, zone or vendor', false),
  parameter('condition', 'A condition, `trouble`, or `healthy`', false),
  parameter('group', '`zone`, `host`, `vendor` or `type`', false),
  parameter('in', 'One of these groups', false),
  parameter('sort', '`since`, `host` or `fullest`', false),
  parameter('past', '`1h` or `15m`: how long the timelines are', false),
  parameter('page', 'From 1', false),
];

const PATHS: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  '/probe': { get: metrics('getProbe', 'The metrics of one cloud', [cloudName(true)]) },
  '/sd': {
    get: operation('getTargets', 'prometheus', 'The clouds as targets, for http_sd_configs', {
      200: { description: 'One target group for each cloud', schema: 'Targets' },
    }),
  },
  '/api/v1/backends': {
    get: operation(
      'getBackends',
      'api',
      'All backends and how their clouds are read',
      {
        200: { description: 'The backends as of the last refresh', schema: 'Backends' },
        404: text('No such cloud, or the parameter was given more than once'),
      },
      [cloudName(false)],
    ),
  },
  '/api/v1/backend': {
    get: operation(
      'getBackend',
      'api',
      'One backend',
      {
        200: { description: 'The backend as of the last refresh', schema: 'Backend' },
        404: text('No such backend'),
      },
      [parameter('host', '`host@backend` or `cluster@backend`', true), cloudName(false)],
    ),
  },
  '/-/healthy': { get: operation('getHealthy', 'lifecycle', 'Does the process live?', { 200: text('It does') }) },
  '/-/ready': {
    get: operation('getReady', 'lifecycle', 'Has every cloud been read once?', {
      200: text('Every first refresh has ended'),
      503: text('The clouds that are waited for'),
    }),
  },
  '/-/reload': { post: reload('postReload'), put: reload('putReload') },
  '/openapi.json': {
    get: operation('getDescription', 'api', 'This description', {
      200: { description: 'OpenAPI 3.1', type: 'application/json' },
    }),
  },
  '/': {
    get: page('getOverview', 'The backends of all clouds, worst first', [cloudName(false), ...FILTER], 'No such cloud'),
  },
  '/cloud': {
    get: page(
      'getCloud',
      'The backends of one cloud, worst first',
      [parameter('name', 'Name of a watched cloud', true), ...FILTER],
      'No such cloud',
    ),
  },
  '/backend': {
    get: page(
      'getBackendPage',
      'One backend',
      [parameter('host', '`host@backend` or `cluster@backend`', true), cloudName(false)],
      'No such backend at present',
    ),
  },
  '/runbooks': {
    get: operation('getRunbooks', 'status page', 'Leads to `/runbooks/README`', { 302: text('The way there') }),
  },
  '/runbooks/{name}': {
    get: operation(
      'getRunbook',
      'status page',
      'The shipped runbook of an alert',
      { 200: { description: 'A page', type: 'text/html' }, 404: text('No such runbook') },
      [{ ...parameter('name', 'Name of an alert, with or without `.md`, or `README`', true), in: 'path' }],
    ),
  },
  '/events': {
    get: operation(
      'getEvents',
      'status page',
      'Server-sent events: `swap` whenever there is something new, `beat` every 3 s',
      {
        200: { description: 'A stream that stays open', type: 'text/event-stream' },
        503: text('Too many listen, or the process stops'),
      },
    ),
  },
  '/status.css': { get: asset('getStyle', 'text/css') },
  '/status.js': { get: asset('getScript', 'text/javascript') },
  '/favicon.svg': {
    get: asset('getIcon', 'image/svg+xml', [parameter('tone', '`good`, `warn`, `unsure`, `bad` or `lost`', false)]),
  },
};

function metrics(id: string, summary: string, parameters: Operation['parameters']): Operation {
  return operation(
    id,
    'prometheus',
    summary,
    {
      200: {
        description: 'The exposition, as the Accept header asks',
        type: ['text/plain', 'application/openmetrics-text'],
      },
      ...(parameters.length > 0 && { 404: text('No such cloud, or not exactly one parameter') }),
    },
    parameters,
  );
}

function reload(id: string): Operation {
  return operation(id, 'lifecycle', 'Reloads the configuration', {
    200: text('Reloaded'),
    403: text('Not enabled: start with --web.enable-lifecycle'),
    500: text('The new configuration is bad, and why; the old one stays'),
  });
}

function page(id: string, summary: string, parameters: Operation['parameters'], missing?: string): Operation {
  return operation(
    id,
    'status page',
    summary,
    {
      200: { description: 'A page', type: 'text/html' },
      ...(missing !== undefined && { 404: { description: missing, type: 'text/html' } }),
    },
    parameters,
  );
}

function asset(id: string, type: string, parameters: Operation['parameters'] = []): Operation {
  return operation(
    id,
    'status page',
    'Part of the pages',
    { 200: { description: 'May be kept for ever under its address', type } },
    parameters,
  );
}

/** The schemas by name, which refer to one another. */
function schemas(): Record<string, object> {
  const named = z.registry<{ id: string }>();
  named
    .add(backendSchema, { id: 'Backend' })
    .add(backendsSchema, { id: 'Backends' })
    .add(targetsSchema, { id: 'Targets' });
  const described = z.toJSONSchema(named, { uri: (id) => `#/components/schemas/${id}` }).schemas;
  return Object.fromEntries(
    Object.entries(described).map(([name, schema]) => [name, { ...schema, $schema: undefined, $id: undefined }]),
  );
}
