import { forbidden, notFoundPage, plain, unauthorized } from './answers.ts';
import type { Case } from './case.ts';

const services = '/os-services';
const pools = '/scheduler-stats/get_pools';

/** Who and what Cinder's API turns away. */
export const ACCESS_CASES: readonly Case[] = [
  plain('access: no token', { path: services, as: null }, unauthorized),
  plain(
    'access: a token nobody gave',
    { path: services, as: null, headers: { 'x-auth-token': 'gAAAAAnonsense' } },
    unauthorized,
  ),
  plain(
    'access: services are not for a member',
    { path: services, as: 'member' },
    forbidden('volume_extension:services:index'),
  ),
  plain(
    'access: services are not for a reader',
    { path: services, as: 'reader', microversion: '3.49' },
    forbidden('volume_extension:services:index'),
  ),
  plain(
    'access: pools are not for a member',
    { path: `${pools}?detail=true`, as: 'member' },
    forbidden('scheduler_extension:scheduler_stats:get_pools'),
  ),
  plain(
    'access: pools are not for a reader',
    { path: pools, as: 'reader' },
    forbidden('scheduler_extension:scheduler_stats:get_pools'),
  ),
  plain('paths: a trailing slash is not found', { path: `${services}/` }, notFoundPage),
  plain('paths: something else than a project id is not found', { path: `/nope${services}` }, notFoundPage),
  plain('paths: /v2 is gone', { to: 'volume-root', path: '/v2/' }, notFoundPage),
];
