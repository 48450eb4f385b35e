import { setImmediate } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import type { CloudDefinition, JsonObject } from '../../src/simulator/definition.ts';
import { isObject, jsonText } from '../../src/simulator/definition.ts';
import type { SimulatorOptions } from '../../src/simulator/simulator.ts';
import { bench, password, request, tokenOf, type Bench, type Reply } from './client.ts';

/** Two backends of which one is an active/active cluster; types that name them, and an image. */
const TWO_BACKENDS: CloudDefinition = {
  backends: [
    { host: 'h1@one', driver: { total_capacity_gb: 100, free_capacity_gb: 90 } },
    { host: 'h1@both', cluster: 'c@both', driver: { total_capacity_gb: 100, free_capacity_gb: 50 } },
    { host: 'h2@both', cluster: 'c@both', driver: { total_capacity_gb: 100, free_capacity_gb: 50 } },
  ],
  volumeTypes: [
    { name: 'one', extraSpecs: { volume_backend_name: 'one' } },
    { name: 'both', extraSpecs: { volume_backend_name: 'both' } },
    { name: 'canary', isPublic: false, projects: ['demo'], extraSpecs: { volume_backend_name: 'one' } },
    { name: 'secret', isPublic: false, extraSpecs: {} },
  ],
  images: ['1b8b3b55-7b5a-44c1-9e6e-0f6f1a6d7f10'],
};

export const IMAGE = '1b8b3b55-7b5a-44c1-9e6e-0f6f1a6d7f10';

/** A cloud with volumes, and a member who makes them. */
export interface VolumeBench extends Bench {
  readonly ask: (method: string, path: string, body?: unknown, microversion?: string) => Promise<Reply>;
  /** Makes a volume as the member; its id. */
  readonly make: (volume?: JsonObject) => Promise<string>;
  /** What an administrator sees of it. */
  readonly show: (id: string) => Promise<JsonObject>;
  /** Status and host of it. */
  readonly state: (id: string) => Promise<readonly [unknown, unknown]>;
  /** Lets the cloud's time pass in small steps, each with time for the messages between its processes. */
  readonly pass: (ms: number) => Promise<void>;
}

export async function volumeBench(t: TestContext, options: SimulatorOptions = {}): Promise<VolumeBench> {
  const base = await bench(t, { cloud: TWO_BACKENDS, ...options });
  const { simulator, clock } = base;
  const member = await tokenOf(
    simulator,
    password('member', { project: { name: 'demo', domain: { name: 'Default' } } }),
  );
  const ask: VolumeBench['ask'] = (method, path, body, microversion = '3.70') =>
    request(`${simulator.url}/volume/v3${path}`, {
      method,
      headers: { 'X-Auth-Token': member, 'OpenStack-API-Version': `volume ${microversion}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const show = async (id: string): Promise<JsonObject> => {
    const { json } = await base.get(`/volumes/${id}`, '3.70');
    return isObject(json['volume']) ? json['volume'] : json;
  };
  return {
    ...base,
    ask,
    async make(volume = {}) {
      const { json, status, text } = await ask('POST', '/volumes', {
        volume: { size: 1, volume_type: 'one', ...volume },
      });
      if (status !== 202 || !isObject(json['volume'])) throw new Error(`${status} ${text}`);
      return jsonText(json['volume']['id']);
    },
    show,
    async state(id) {
      const { status, 'os-vol-host-attr:host': host } = await show(id);
      return [status, host];
    },
    async pass(ms) {
      for (let left = ms; left > 0; left -= 100) {
        clock.advance(Math.min(100, left));
        await setImmediate();
      }
    },
  };
}
