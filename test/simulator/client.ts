import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { type ManualClock, manualClock } from '../support/manual-clock.ts';
import { type JsonObject, isObject, jsonText } from '../../src/simulator/definition.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: JsonObject;
}

interface Service extends JsonObject {
  readonly host: string;
  readonly state: string;
  readonly status: string;
}

/** A simulator that is stopped after the test, its clock, and a client that is logged in as the admin. */
export interface Bench {
  readonly simulator: Simulator;
  readonly clock: ManualClock;
  readonly cloud: Simulator['cloud'];
  /** The admin's token. */
  readonly token: string;
  readonly get: (path: string, microversion?: string, token?: string) => Promise<Reply>;
  /** The cinder-volume row of a host at 3.49. */
  readonly service: (host: string, microversion?: string) => Promise<Service>;
  /** Capabilities by pool name. */
  readonly pools: () => Promise<Map<string, JsonObject>>;
}

export const START = Date.parse('2026-11-22T11:20:00Z');

export async function bench(t: TestContext, options: SimulatorOptions): Promise<Bench> {
  const clock = manualClock(START);
  const simulator = await startSimulator({ clock, rpcClock: clock, ...options });
  t.after(() => simulator.close());
  const admin = await tokenOf(
    simulator,
    password('admin', { project: { name: 'admin', domain: { name: 'Default' } } }),
  );
  const get = (path: string, microversion?: string, token = admin): Promise<Reply> => {
    const version = microversion === undefined ? {} : { 'OpenStack-API-Version': `volume ${microversion}` };
    return request(`${simulator.url}/volume/v3${path}`, { headers: { 'X-Auth-Token': token, ...version } });
  };
  return {
    simulator,
    clock,
    cloud: simulator.cloud,
    token: admin,
    get,
    async service(host, microversion = '3.49') {
      const rows = list((await get('/os-services?binary=cinder-volume', microversion)).json, 'services');
      const found = rows.find((row) => row['host'] === host);
      assert.ok(found, `no row of ${host}`);
      return found as Service;
    },
    async pools() {
      const rows = list((await get('/scheduler-stats/get_pools?detail=true', '3.49')).json, 'pools');
      return new Map(rows.map((row) => [jsonText(row['name']), row['capabilities'] as JsonObject]));
    },
  };
}

export async function request(url: string, init: RequestInit = {}): Promise<Reply> {
  const typed = init.body === undefined ? {} : { 'content-type': 'application/json' };
  const response = await fetch(url, {
    redirect: 'manual',
    ...init,
    headers: { ...typed, ...(init.headers as object) },
  });
  const text = await response.text();
  const json =
    text !== '' && response.headers.get('content-type') === 'application/json' ? (JSON.parse(text) as JsonObject) : {};
  return { status: response.status, headers: response.headers, text, json };
}

export function login(simulator: Simulator, body: unknown, query = ''): Promise<Reply> {
  return request(`${simulator.authUrl}/auth/tokens${query}`, { method: 'POST', body: JSON.stringify(body) });
}

export async function tokenOf(simulator: Simulator, body: unknown): Promise<string> {
  const reply = await login(simulator, body);
  assert.equal(reply.status, 201, reply.text);
  return reply.headers.get('x-subject-token') ?? '';
}

/** The body of a login with a password; users' passwords are their names and `-pw`. */
export function password(name: string, scope?: JsonObject, secret = `${name}-pw`): JsonObject {
  const user = { name, domain: { name: 'Default' }, password: secret };
  return {
    auth: { identity: { methods: ['password'], password: { user } }, ...(scope === undefined ? {} : { scope }) },
  };
}

export function list(body: JsonObject, key: string): readonly JsonObject[] {
  const found = body[key];
  assert.ok(Array.isArray(found), `${key} is a list`);
  return found.filter(isObject);
}

/** An answer of a real Keystone or Cinder. */
export function recording(name: string): string {
  return readFileSync(new URL(`../fixtures/recordings/${name}`, import.meta.url), 'utf8');
}

export function recordedJson(name: string): JsonObject {
  return JSON.parse(recording(name)) as JsonObject;
}
