import { z } from 'zod';
import { COLLECTORS } from '../cinder/snapshot.ts';
import { CONDITIONS } from '../cinder/conditions.ts';
import type { BackendView, CloudView } from './view.ts';

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

export const backendSchema = z.strictObject({
  cloud: z.string(),
  host: z.string().describe('`host@backend`, or `cluster@backend`'),
  backend: z.string().describe('The section in cinder.conf'),
  state: state.describe('null: nobody can say'),
  condition: z.enum(CONDITIONS),
  reason: z.string().describe('Why, in one sentence'),
  since: when.describe('When this process first saw it in this condition'),
  changes: z.int().min(0).describe('Changes of the condition that this process has seen'),
  state_reported: z.boolean().nullable().describe('Does the driver itself report a state?'),
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

export const backendsSchema = z.strictObject({ clouds: z.array(cloud), backends: z.array(backendSchema) });

export const targetsSchema = z.array(
  z.strictObject({ targets: z.array(z.string()), labels: z.record(z.string(), z.string()) }),
);
