import { fault, forbidden, notFoundPage, plain } from './answers.ts';
import type { Ask, Case, Expected } from './case.ts';
import { absent, anyOrder, keys, named } from './pattern.ts';

const notFound = fault(404, 'itemNotFound', /^The resource could not be found\.$/);
const capabilities = (name: string, path: string, expect: Expected, more: Partial<Ask> = {}): Case =>
  plain(`capabilities: ${name}`, { path: `/capabilities/${path}`, ...more }, expect);
const single: Expected = {
  status: 200,
  json: {
    namespace: 'OS::Storage::Capabilities::lab@single',
    vendor_name: 'Lab',
    volume_backend_name: 'single',
    pool_name: null,
    driver_version: '1.0.0',
    storage_protocol: 'iSCSI',
    display_name: null,
    description: null,
    visibility: null,
    replication_targets: [],
    properties: keys('thin_provisioning', 'compression', 'qos', 'replication_enabled'),
  },
};

const FAILED = `name=${encodeURIComponent('that fails')}`;
const message = keys(
  ...'id event_id user_message message_level created_at guaranteed_until request_id links resource_type resource_uuid'.split(
    ' ',
  ),
);

/** What tells of failures: the capabilities of a backend, messages, the summary. */
export const EVIDENCE_CASES: readonly Case[] = [
  capabilities('of a backend', 'lab@single', single),
  capabilities('of a host: those of one of its backends', 'lab', {
    status: 200,
    json: { namespace: /^OS::Storage::Capabilities::lab(@single|@pools|cluster@clustered)$/ },
  }),
  capabilities('of a cluster', 'labcluster@clustered', {
    status: 200,
    json: { namespace: 'OS::Storage::Capabilities::labcluster@clustered' },
  }),
  capabilities('of an unknown host', 'nope', fault(404, 'itemNotFound', /^Can't find service: nope$/)),
  capabilities(
    'of a pool',
    'lab@single%23single',
    fault(404, 'itemNotFound', /^Can't find service: lab@single#single$/),
  ),
  capabilities('of nothing', '', notFoundPage),
  plain('capabilities: a list there is not', { path: '/capabilities' }, notFound),
  capabilities('are not changed', 'lab@single', notFound, { method: 'PUT', body: {} }),
  capabilities('for a member', 'lab@single', forbidden('volume_extension:capabilities'), { as: 'member' }),
  capabilities('for the whole system', 'lab@single', single, { as: 'system' }),
  {
    name: 'capabilities: a stopped cinder-volume does not answer',
    steps: [
      {
        arrange: (cloud) => cloud.stop('volume-single'),
        ask: { path: '/capabilities/lab@single' },
        expect: (cloud) => ({
          ...fault(502, 'computeFault', /^Bad gateway\.$/),
          atLeastMs: cloud.timing.rpcTimeoutMs - 50,
        }),
      },
    ],
  },
  {
    name: 'capabilities: a driver that is not initialised has none',
    steps: [
      {
        arrange: (cloud) => cloud.failSetUp('single', 'the array does not answer'),
        ask: { path: '/capabilities/lab@single' },
        expect: { status: 200, json: { vendor_name: null, replication_targets: [], properties: null } },
      },
    ],
  },

  {
    name: 'messages: each try of a creation that fails, and the end of it',
    steps: [
      {
        arrange: (cloud) => cloud.stats('single', { _fail_create: 'the array says no' }),
        ask: {
          method: 'POST',
          path: '/volumes',
          as: 'member',
          body: { volume: { size: 1, volume_type: 'plain', name: 'that fails' } },
        },
        expect: { status: 202 },
        keep: 'volume',
      },
      {
        ask: { path: `/volumes?status=error&${FAILED}`, as: 'member' },
        expect: { status: 200, json: { volumes: [{}] } },
      },
      {
        ask: (_, kept) => ({
          path: `/messages?resource_uuid=${kept.get('volume')}`,
          as: 'member',
          microversion: '3.5',
        }),
        expect: {
          status: 200,
          json: {
            messages: anyOrder(
              ...[1, 2, 3].map(() => ({
                event_id: 'VOLUME_VOLUME_008_012',
                user_message: 'create volume from backend storage:Driver failed to create the volume.',
              })),
              {
                event_id: 'VOLUME_VOLUME_001_003',
                user_message: 'schedule allocate volume:Could not find any available weighted backend.',
                message_level: 'ERROR',
                resource_type: 'VOLUME',
              },
            ),
          },
        },
      },
      {
        ask: { path: '/messages?event_id~=VOLUME_VOLUME_008&sort=created_at:desc&limit=1', microversion: '3.34' },
        expect: { status: 200, json: { messages: [message], messages_links: named('a link', Array.isArray) } },
      },
      {
        ask: { path: '/messages?event_id~=VOLUME_VOLUME_008&limit=1', as: 'member', microversion: '3.5' },
        expect: { status: 200, json: { messages: [message] } },
      },
      {
        ask: (_, kept) => ({ method: 'DELETE', path: `/volumes/${kept.get('volume')}`, as: 'member' }),
        expect: { status: 202 },
      },
    ],
  },
  plain(
    'messages: a part of an event is not for a member from 3.31',
    { path: '/messages?event_id~=VOLUME', as: 'member', microversion: '3.34' },
    fault(400, 'badRequest', /^Invalid filters event_id~ are found in query options\.$/),
  ),
  plain('messages: from 3.3', { path: '/messages', microversion: '3.2' }, notFound),
  plain('messages: 3.3', { path: '/messages?nosuch=1', microversion: '3.3' }, { status: 200 }),
  plain(
    'messages: what is no column finds nothing',
    { path: '/messages?created_at=gt:2020-01-01T00:00:00', microversion: '3.60' },
    { status: 200, json: { messages: [], messages_links: absent } },
  ),
  plain(
    'messages: an unknown sort key',
    { path: '/messages?sort=banana', microversion: '3.60' },
    fault(400, 'badRequest', /^Invalid input received: Invalid sort key$/),
  ),
  plain(
    'messages: an unknown one',
    { path: '/messages/x', microversion: '3.60' },
    fault(404, 'itemNotFound', /^Message x could not be found\.$/),
  ),
  plain(
    'messages: deleting an unknown one',
    { method: 'DELETE', path: '/messages/x', microversion: '3.60' },
    fault(404, 'itemNotFound', /^Message x could not be found\.$/),
  ),

  plain('summary: from 3.12', { path: '/volumes/summary', microversion: '3.11' }, notFound),
  plain(
    'summary: counts',
    { path: '/volumes/summary', microversion: '3.12' },
    { status: 200, json: { 'volume-summary': keys('total_count', 'total_size') } },
  ),
  plain(
    'summary: metadata from 3.36',
    { path: '/volumes/summary?all_tenants=1&status=error', microversion: '3.36' },
    { status: 200, json: { 'volume-summary': keys('total_count', 'total_size', 'metadata') } },
  ),
];
