import { z } from 'zod';
import { VERSION } from '../version.ts';
import { backendSchema, backendsSchema, targetsSchema } from './answers.ts';
import { operation, parameter, text, type Operation } from './operation.ts';

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
  parameter('condition', 'A condition, or `trouble`', false),
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
  '/': { get: page('getOverview', 'The backends of all clouds, worst first', FILTER) },
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
  '/events': {
    get: operation('getEvents', 'status page', 'Server-sent events: `swap` whenever there is something new', {
      200: { description: 'A stream that stays open', type: 'text/event-stream' },
      503: text('Too many listen, or the process stops'),
    }),
  },
  '/status.css': { get: asset('getStyle', 'text/css') },
  '/status.js': { get: asset('getScript', 'text/javascript') },
  '/favicon.svg': {
    get: asset('getIcon', 'image/svg+xml', [parameter('tone', '`good`, `warn`, `unsure` or `bad`', false)]),
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
