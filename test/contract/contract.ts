import { ACCESS_CASES } from './access-cases.ts';
import { API_CASES } from './api-cases.ts';
import type { Case } from './case.ts';
import { EVIDENCE_CASES } from './evidence-cases.ts';
import { IDENTITY_CASES } from './identity-cases.ts';
import { POOL_CASES } from './pool-cases.ts';
import { REFUSAL_CASES } from './refusal-cases.ts';
import { SNAPSHOT_CASES } from './snapshot-cases.ts';
import { STATE_CASES } from './state-cases.ts';
import { TYPE_CASES } from './type-cases.ts';
import { VOLUME_CASES } from './volume-cases.ts';

/**
 * What Keystone and Cinder answer, as data: observed on Cinder 21.3 (Zed) with Keystone 22, and on Cinder 29.0 (2026.2) with Keystone 30. Real
 * clouds and the simulator keep it, in this order: the first cases want a cloud to which nothing has happened.
 */
export const CONTRACT: readonly Case[] = [
  ...IDENTITY_CASES,
  ...API_CASES,
  ...ACCESS_CASES,
  ...POOL_CASES,
  ...STATE_CASES,
  ...VOLUME_CASES,
  ...EVIDENCE_CASES,
  ...SNAPSHOT_CASES,
  ...TYPE_CASES,
  ...REFUSAL_CASES,
];
