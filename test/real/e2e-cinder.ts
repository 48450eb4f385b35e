import assert from 'node:assert/strict';
import { send } from '../lab/answer.ts';
import type { Lab } from '../lab/lab.ts';
import { persist } from '../lab/sqlite.ts';

interface PoolRow {
  readonly name: string;
  readonly capabilities: Readonly<Record<string, unknown>> & {
    readonly backend_state?: string;
    readonly timestamp?: string;
    readonly total_capacity_gb?: unknown;
  };
}

interface ServiceRow {
  readonly binary: string;
  readonly host: string;
  readonly state: string;
}

/** The pools of a backend that the scheduler holds: none while it is disabled. */
export async function poolsOf(lab: Lab, host: string): Promise<readonly PoolRow[]> {
  const { json } = await lab.get('/scheduler-stats/get_pools?detail=true');
  const { pools } = json as { readonly pools: readonly PoolRow[] };
  return pools.filter(({ name }) => name.startsWith(`${host}#`));
}

/** When the driver stats were published that first called a pool of this backend down. */
export function statsSayDown(host: string): (lab: Lab) => Promise<number | undefined> {
  return statsSay(host, ({ backend_state }) => backend_state === 'down');
}

/** When the driver stats were published that first gave a pool of this backend no capacity. */
export function statsSayNoCapacity(host: string): (lab: Lab) => Promise<number | undefined> {
  return statsSay(host, ({ total_capacity_gb }) => Number(total_capacity_gb) === 0);
}

function statsSay(
  host: string,
  it: (capabilities: PoolRow['capabilities']) => boolean,
): (lab: Lab) => Promise<number | undefined> {
  return async (lab) => {
    const found = (await poolsOf(lab, host)).find(({ capabilities }) => it(capabilities));
    return found && Date.parse(`${found.capabilities.timestamp}Z`);
  };
}

/** When the service list was first seen to call this service down. */
export function serviceIsDown(host: string, binary = 'cinder-volume'): (lab: Lab) => Promise<number | undefined> {
  return async (lab) => {
    const { json } = await lab.get('/os-services');
    const { services } = json as { readonly services: readonly ServiceRow[] };
    const row = services.find((service) => service.host === host && service.binary === binary);
    return row?.state === 'down' ? Date.now() : undefined;
  };
}

/** Enables cinder-volumes, or disables them with a reason: as an operator does. */
export async function setEnabled(lab: Lab, hosts: readonly string[], enabled: boolean): Promise<void> {
  for (const host of hosts)
    await (enabled
      ? lab.enable(host)
      : lab.action('disable-log-reason', { host, binary: 'cinder-volume', disabled_reason: 'CHG-3' }));
}

/** Gives a user of Keystone another password; its tokens end. */
export async function setPassword(lab: Lab, name: string, password: string): Promise<void> {
  const headers = { 'x-auth-token': await lab.token() };
  const found = await send(`${lab.keystone}/v3/users?name=${name}`, { headers });
  const { users } = found.json as { readonly users: readonly { readonly id: string }[] };
  const changed = await persist(() =>
    send(`${lab.keystone}/v3/users/${users[0]?.id}`, { method: 'PATCH', headers, body: { user: { password } } }),
  );
  assert.equal(changed.status, 200, changed.text);
}
