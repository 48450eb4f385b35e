import { fault, plain } from './answers.ts';
import type { Ask, Case, Expected, Kept, Step } from './case.ts';
import { keys, including } from './pattern.ts';

const UNKNOWN = '8bdda77f-3a2d-43c5-a2c5-6f5d4ab8d4b0';
const member = { as: 'member' } as const;
const bad = (message: RegExp): Expected => fault(400, 'badRequest', message);
const missing = (message: RegExp): Expected => fault(404, 'itemNotFound', message);

/** A volume of a member that is `available`. */
const volume: readonly Step[] = [
  {
    ask: { method: 'POST', path: '/volumes', ...member, body: { volume: { size: 1, volume_type: 'plain' } } },
    expect: { status: 202 },
    keep: 'volume',
  },
  step((kept) => ({ path: `/volumes/${kept.get('volume')}`, ...member }), {
    status: 200,
    json: { volume: { status: 'available' } },
  }),
];
const noVolume: readonly Step[] = [
  step((kept) => ({ method: 'DELETE', path: `/volumes/${kept.get('volume')}`, ...member }), { status: 202 }),
];
const volumeIs = (status: string): Step =>
  step((kept) => ({ path: `/volumes/${kept.get('volume')}`, ...member }), {
    status: 200,
    json: { volume: { status } },
  });
const notDeletable = step(
  (kept) => ({ method: 'DELETE', path: `/volumes/${kept.get('volume')}`, ...member }),
  bad(/^Invalid volume: Volume status must be available or error or /),
);

function step(ask: (kept: Kept) => Ask, expect: Expected, keep?: string): Step {
  return { ask: (_, kept) => ask(kept), expect, ...(keep === undefined ? {} : { keep }) };
}

const summary = 'id created_at updated_at name description volume_id status size metadata'.split(' ');
const ofProject = ['os-extended-snapshot-attributes:project_id', 'os-extended-snapshot-attributes:progress'];
const snapshot = (body: (kept: Kept) => Record<string, unknown>, expect: Expected): Step =>
  step((kept) => ({ method: 'POST', path: '/snapshots', ...member, body: body(kept) }), expect, 'snapshot');
const ofVolume = (kept: Kept): Record<string, unknown> => ({
  snapshot: { volume_id: kept.get('volume'), name: 'a snapshot' },
});
const snapshotIs = (status: string): Step =>
  step((kept) => ({ path: `/snapshots/${kept.get('snapshot')}`, ...member }), {
    status: 200,
    json: { snapshot: { status } },
  });
const change = (body: unknown, expect: Expected): Step =>
  step((kept) => ({ method: 'PUT', path: `/snapshots/${kept.get('snapshot')}`, ...member, body }), expect);
const noSnapshot: readonly Step[] = [
  step((kept) => ({ method: 'DELETE', path: `/snapshots/${kept.get('snapshot')}`, ...member }), { status: 202 }),
  step(
    (kept) => ({ path: `/snapshots/${kept.get('snapshot')}`, ...member }),
    missing(/^Snapshot [0-9a-f-]{36} could not be found\.$/),
  ),
];

const connector = {
  host: 'h',
  initiator: 'iqn.x',
  ip: '1.1.1.1',
  platform: 'x86_64',
  os_type: 'linux',
  multipath: false,
};
const attachments = { ...member, microversion: '3.31' };
const attach = (expect: Expected, more: Record<string, unknown> = { connector }): Step => ({
  ...step(
    (kept) => ({
      method: 'POST',
      path: '/attachments',
      ...attachments,
      body: { attachment: { volume_uuid: kept.get('volume'), ...more } },
    }),
    expect,
    'attachment',
  ),
  // Cinder that waits in vain for the driver answers 500, and the volume stays reserved.
  ...(expect.status === 200 ? { again: noAttachments } : {}),
});
const noAttachments: NonNullable<Step['again']> = async (ask, kept) => {
  const { json } = await ask({ path: `/attachments?volume_id=${kept.get('volume')}`, ...attachments });
  const { attachments: all = [] } = json as { readonly attachments?: readonly { readonly id: string }[] };
  for (const { id } of all) await ask({ method: 'DELETE', path: `/attachments/${id}`, ...attachments });
};
const detach = step((kept) => ({ method: 'DELETE', path: `/attachments/${kept.get('attachment')}`, ...attachments }), {
  status: 200,
  json: { attachments: [] },
});
const listed = (status: string): Step =>
  step((kept) => ({ path: `/attachments?volume_id=${kept.get('volume')}`, ...attachments }), {
    status: 200,
    json: { attachments: [{ status, instance: null }] },
  });

const quotaOf =
  (who: 'demo', more = ''): ((cloud: { projects: { demo: string } }) => string) =>
  (cloud) =>
    `/os-quota-sets/${cloud.projects[who]}${more}`;
const quota = (quota_set: Record<string, unknown>, expect: Expected = { status: 200 }): Step => ({
  ask: (cloud) => ({ method: 'PUT', path: quotaOf('demo')(cloud), body: { quota_set } }),
  expect,
});
const noQuota: Step = {
  ask: (cloud) => ({ method: 'DELETE', path: quotaOf('demo')(cloud) }),
  expect: { status: 200 },
};
const over = (message: RegExp): Expected => ({
  status: 413,
  headers: { 'retry-after': '0' },
  json: { overLimit: { code: 413, message, retryAfter: '0' } },
});
const create = (size: number, expect: Expected): Step => ({
  ask: { method: 'POST', path: '/volumes', ...member, body: { volume: { size, volume_type: 'plain' } } },
  expect,
});

/** What belongs to volumes: snapshots, attachments without an instance, quotas. */
export const SNAPSHOT_CASES: readonly Case[] = [
  {
    name: 'snapshot: made, listed, in the way of its volume, deleted',
    steps: [
      ...volume,
      snapshot(ofVolume, { status: 202, json: { snapshot: keys(...summary) } }),
      snapshotIs('available'),
      step((kept) => ({ path: `/snapshots/${kept.get('snapshot')}`, microversion: '3.65' }), {
        status: 200,
        json: { snapshot: keys(...summary, ...ofProject, 'group_snapshot_id', 'user_id', 'consumes_quota') },
      }),
      step(() => ({ path: '/snapshots/detail', ...member }), {
        status: 200,
        json: { snapshots: [keys(...summary, ...ofProject)] },
      }),
      step(() => ({ path: '/snapshots?all_tenants=1&limit=1&with_count=true', microversion: '3.45' }), {
        status: 200,
        json: { snapshots: [keys(...summary)], count: 1, snapshots_links: [keys('rel', 'href')] },
      }),
      notDeletable,
      ...noSnapshot,
      ...noVolume,
    ],
  },
  {
    name: 'snapshot: the driver fails to make it',
    steps: [
      ...volume,
      {
        ...snapshot(ofVolume, { status: 202 }),
        arrange: (cloud) => cloud.stats('single', { _fail_snapshot: 'the array says no' }),
      },
      snapshotIs('error'),
      step((kept) => ({ path: `/messages?resource_uuid=${kept.get('snapshot')}`, ...member, microversion: '3.31' }), {
        status: 200,
        json: {
          messages: [
            {
              event_id: 'VOLUME_VOLUME_SNAPSHOT_009_013',
              user_message: 'create snapshot:Snapshot failed to create.',
              resource_type: 'VOLUME_SNAPSHOT',
            },
          ],
        },
      }),
      ...noSnapshot,
      ...noVolume,
    ],
  },
  {
    name: 'snapshot: a volume of it',
    steps: [
      ...volume,
      snapshot(ofVolume, { status: 202 }),
      snapshotIs('available'),
      step(
        (kept) => ({
          method: 'POST',
          path: '/volumes',
          ...member,
          body: { volume: { snapshot_id: kept.get('snapshot'), name: 'of a snapshot' } },
        }),
        { status: 202, json: { volume: { size: 1, volume_type: 'plain' } } },
      ),
      step(() => ({ path: '/volumes/detail?name=of%20a%20snapshot', ...member }), {
        status: 200,
        json: { volumes: [{ status: 'available' }] },
      }),
      ...noSnapshot,
      ...noVolume,
    ],
  },
  plain(
    'snapshot: refused, an unknown volume',
    { method: 'POST', path: '/snapshots', ...member, body: { snapshot: { volume_id: UNKNOWN } } },
    missing(new RegExp(`^Volume ${UNKNOWN} could not be found\\.$`)),
  ),
  plain(
    'snapshot: refused, no volume',
    { method: 'POST', path: '/snapshots', ...member, body: { snapshot: {} } },
    bad(/^Invalid input for field\/attribute snapshot\. Value: \{\}\. 'volume_id' is a required property$/),
  ),
  plain(
    'snapshot: refused, a volume that is null',
    { method: 'POST', path: '/snapshots', ...member, body: { snapshot: { volume_id: null } } },
    missing(/^Volume None could not be found\.$/),
  ),
  plain(
    'snapshot: refused, an unknown key',
    { method: 'POST', path: '/snapshots', ...member, body: { snapshot: { volume_id: UNKNOWN, banana: 1 } } },
    bad(
      /^Invalid input for field\/attribute snapshot\. Value: \{'volume_id': '[0-9a-f-]{36}', 'banana': 1\}\. Additional properties are not allowed \('banana' was unexpected\)$/,
    ),
  ),
  {
    name: 'snapshot: another name',
    steps: [
      ...volume,
      snapshot(ofVolume, { status: 202 }),
      snapshotIs('available'),
      change({ snapshot: { name: ' a ', description: 'd' } }, { status: 200, json: { snapshot: keys(...summary) } }),
      step((kept) => ({ path: `/snapshots/${kept.get('snapshot')}`, ...member }), {
        status: 200,
        json: { snapshot: { name: 'a', description: 'd', 'os-extended-snapshot-attributes:progress': '100%' } },
      }),
      change(
        { snapshot: {} },
        bad(
          /^Invalid input for field\/attribute snapshot\. Value: \{\}\. \{\} is not valid under any of the given schemas$/,
        ),
      ),
      change(
        { snapshot: { banana: 1 } },
        bad(
          /^Invalid input for field\/attribute snapshot\. Value: \{'banana': 1\}\. Additional properties are not allowed \('banana' was unexpected\)$/,
        ),
      ),
      ...noSnapshot,
      ...noVolume,
    ],
  },
  plain(
    'snapshot: another name, of an unknown one',
    { method: 'PUT', path: `/snapshots/${UNKNOWN}`, ...member, body: { snapshot: { name: 'a' } } },
    missing(/^Snapshot [0-9a-f-]{36} could not be found\.$/),
  ),
  plain(
    'snapshot: refused, nothing',
    { method: 'POST', path: '/snapshots', ...member, body: {} },
    bad(/^'snapshot' is a required property$/),
  ),
  plain(
    'snapshot: refused, no id',
    { method: 'POST', path: '/snapshots', ...member, body: { snapshot: { volume_id: 'x' } } },
    bad(/^Invalid input for field\/attribute volume_id\. Value: x\. 'x' is not valid under any of the given schemas$/),
  ),
  plain('snapshot: an unknown one', { path: '/snapshots/x', ...member }, missing(/^Snapshot x could not be found\.$/)),

  {
    name: 'attachment: without an instance, through the driver, and away again',
    steps: [
      ...volume,
      attach({
        status: 200,
        json: {
          attachment: {
            status: 'reserved',
            instance: null,
            attached_at: '',
            connection_info: { driver_volume_type: 'iscsi', access_mode: 'rw' },
          },
        },
      }),
      volumeIs('attaching'),
      listed('attaching'),
      notDeletable,
      detach,
      volumeIs('available'),
      attach({ status: 200, json: { attachment: { status: 'reserved', connection_info: {} } } }, {}),
      volumeIs('reserved'),
      detach,
      volumeIs('available'),
      ...noVolume,
    ],
  },
  {
    name: 'attachment: the driver fails: what was reserved stays reserved, until it is deleted',
    steps: [
      ...volume,
      {
        arrange: (cloud) => cloud.stats('single', { _fail_attach: 'the fabric is broken' }),
        ask: (_, kept) => ({
          method: 'POST',
          path: '/attachments',
          ...attachments,
          body: { attachment: { volume_uuid: kept.get('volume'), connector } },
        }),
        expect: fault(
          500,
          'computeFault',
          /^Unable to create attachment for volume \(Bad or unexpected response from the storage volume backend API: Driver initialize connection failed \(error: Bad or unexpected response from the storage volume backend API: the fabric is broken\)\.\)\.$/,
        ),
      },
      volumeIs('reserved'),
      notDeletable,
      attach(
        bad(
          /^Invalid volume: Volume [0-9a-f-]{36} status must be available or downloading to reserve, but the current status is reserved\.$/,
        ),
      ),
      listed('reserved'),
    ],
  },
  plain(
    'attachment: from 3.27',
    { path: '/attachments', microversion: '3.26' },
    missing(/^The resource could not be found\.$/),
  ),
  plain(
    'attachment: an unknown one',
    { path: '/attachments/x', ...attachments },
    missing(/^Volume attachment could not be found with filter: attachment_id = x\.$/),
  ),
  plain(
    'attachment: refused, an instance that is null',
    {
      method: 'POST',
      path: '/attachments',
      ...attachments,
      body: { attachment: { volume_uuid: UNKNOWN, instance_uuid: null } },
    },
    bad(/^Invalid input for field\/attribute instance_uuid\. Value: None\. None is not of type 'string'$/),
  ),
  plain(
    'attachment: refused, no volume',
    { method: 'POST', path: '/attachments', ...attachments, body: { attachment: {} } },
    bad(/^Invalid input for field\/attribute attachment\. Value: \{\}\. 'volume_uuid' is a required property$/),
  ),
  plain(
    'attachment: refused, an unknown volume',
    { method: 'POST', path: '/attachments', ...attachments, body: { attachment: { volume_uuid: UNKNOWN } } },
    missing(new RegExp(`^Volume ${UNKNOWN} could not be found\\.$`)),
  ),

  {
    name: 'quota: a full one is 413, and not at once',
    steps: [
      ...volume,
      quota(
        { volumes: 0 },
        bad(
          /^Quota volumes limit must be equal or greater than existing resources\. Current usage is \d+ and the requested limit is 0\.$/,
        ),
      ),
      quota({ banana: 1 }, bad(/^Invalid input received: Bad key\(s\) in quota set: banana$/)),
      quota({ per_volume_gigabytes: 5, gigabytes: 100 }),
      create(6, over(/^VolumeSizeExceedsLimit: Requested volume size 6G is larger than maximum allowed limit 5G\.$/)),
      quota({ per_volume_gigabytes: -1 }),
      create(
        101,
        over(
          /^VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota\. Requested 101G, quota is 100G and \d+G has been consumed\.$/,
        ),
      ),
      quota({ snapshots: 0 }),
      snapshot(ofVolume, over(/^SnapshotLimitExceeded: Maximum number of snapshots allowed \(0\) exceeded$/)),
      noQuota,
      ...noVolume,
    ],
  },
  {
    name: 'quota: who may see and change it',
    steps: [
      {
        ask: (cloud) => ({ path: quotaOf('demo')(cloud), ...member }),
        expect: (cloud) => ({
          status: 200,
          json: {
            quota_set: {
              volumes: 10,
              gigabytes: 1000,
              per_volume_gigabytes: -1,
              snapshots: 10,
              volumes_plain: -1,
              id: cloud.projects.demo,
            },
          },
        }),
      },
      {
        ask: (cloud) => ({ path: quotaOf('demo', '?usage=true')(cloud) }),
        expect: { status: 200, json: { quota_set: { volumes: keys('limit', 'in_use', 'reserved') } } },
      },
      {
        ask: (cloud) => ({ path: quotaOf('demo', '/defaults')(cloud) }),
        expect: { status: 200, json: { quota_set: { volumes: 10 } } },
      },
      {
        ask: (cloud) => ({ path: `/os-quota-sets/${cloud.projects.admin}`, ...member }),
        expect: fault(403, 'forbidden', /^Policy doesn't allow volume_extension:quotas:show to be performed\.$/),
      },
      {
        ask: (cloud) => ({
          method: 'PUT',
          path: quotaOf('demo')(cloud),
          ...member,
          body: { quota_set: { volumes: 1 } },
        }),
        expect: fault(403, 'forbidden', /^Policy doesn't allow volume_extension:quotas:update to be performed\.$/),
      },
      {
        ask: { path: '/limits', ...member },
        expect: {
          status: 200,
          // Not how many: Cinder goes on where its database was too busy to count a deleted snapshot off (`delete_snapshot`, volume/manager.py).
          json: { limits: { rate: [], absolute: { maxTotalVolumes: 10, totalSnapshotsUsed: Number.isInteger } } },
        },
      },
      {
        ask: { path: '/os-availability-zone' },
        expect: {
          status: 200,
          json: { availabilityZoneInfo: including({ zoneName: 'nova', zoneState: { available: true } }) },
        },
      },
    ],
  },
  {
    name: 'snapshot: the driver fails to delete it',
    steps: [
      ...volume,
      snapshot(ofVolume, { status: 202 }),
      snapshotIs('available'),
      {
        ...step((kept) => ({ method: 'DELETE', path: `/snapshots/${kept.get('snapshot')}`, ...member }), {
          status: 202,
        }),
        arrange: (cloud) => cloud.stats('single', { _fail_delete_snapshot: 'the array says no' }),
      },
      snapshotIs('error_deleting'),
      step((kept) => ({ path: `/messages?resource_uuid=${kept.get('snapshot')}`, ...member, microversion: '3.31' }), {
        status: 200,
        json: {
          messages: [
            {
              event_id: 'VOLUME_VOLUME_SNAPSHOT_010_016',
              user_message: 'delete snapshot:Snapshot failed to delete.',
            },
          ],
        },
      }),
    ],
  },
];
