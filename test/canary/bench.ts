import assert from 'node:assert/strict';
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type Canary, createCanary, type CanarySurroundings } from '../../src/canary/canary.ts';
import { ATTACH_TIMEOUT_MS } from '../../src/canary/cinder.ts';
import type { CanaryConfig } from '../../src/config/config.ts';
import type { Log } from '../../src/log.ts';
import { loadAccess } from '../../src/openstack/clouds/clouds.ts';
import type { CloudAccess } from '../../src/openstack/access.ts';
import { statusError } from '../../src/openstack/answer.ts';
import { OpenStackError } from '../../src/openstack/errors.ts';
import type { Request } from '../../src/openstack/request.ts';
import type { SessionAnswer, WritingSession } from '../../src/openstack/session.ts';
import type { CloudDefinition, CloudSettings, JsonObject } from '../../src/simulator/definition.ts';
import { idOf, type Who } from '../../src/simulator/keystone-identity.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { manualTime, type ManualTime } from '../support/manual-time.ts';
import { password, tokenOf } from '../simulator/client.ts';

/** Two backends, each with a private type for the canary's project. */
export const CANARY_CLOUD: CloudDefinition = {
  backends: [
    { host: 'h1@one', driver: { volume_backend_name: 'one', total_capacity_gb: 1000, free_capacity_gb: 900 } },
    { host: 'h1@two', driver: { volume_backend_name: 'two', total_capacity_gb: 1000, free_capacity_gb: 900 } },
  ],
  volumeTypes: [
    { name: 'canary-one', isPublic: false, projects: ['canary'], extraSpecs: { volume_backend_name: 'one' } },
    { name: 'canary-two', isPublic: false, projects: ['canary'], extraSpecs: { volume_backend_name: 'two' } },
    { name: 'standard', extraSpecs: {} },
  ],
  images: ['5f3a1c1e-8a43-4f0e-9b6a-0d3c2b1a4e5f'],
};

/** What a round does when it does everything. */
export const EVERYTHING: Partial<CanaryConfig> = {
  snapshot: true,
  image: '5f3a1c1e-8a43-4f0e-9b6a-0d3c2b1a4e5f',
  connector: { host: 'controller-1', initiator: 'iqn.1993-08.org.debian:01:canary' },
};

export const CONFIG: CanaryConfig = {
  osCloud: 'canary',
  types: [{ volumeType: 'canary-one', backend: 'h1@one' }],
  everyMs: 1_800_000,
};

/** What becomes of a request on its way: `lost` does not reach Cinder, `unheard` does and its answer is lost, `hang` is never answered. */
export type Way = 'pass' | 'lost' | 'unheard' | 'hang' | { readonly status: number; readonly body?: string };

/** A request of whoever asks through the gate. */
export interface Asked {
  readonly method: string;
  /** Without the endpoint's own path, with the query. */
  readonly path: string;
  readonly token: string;
  readonly body: string;
}

/** A volume as the database has it. */
interface Row {
  readonly id: string;
  readonly status: string;
  readonly project: string;
  readonly type: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface CanaryBench {
  readonly simulator: Simulator;
  readonly time: ManualTime;
  /** Cinder's URL behind the gate. */
  readonly endpoint: string;
  /** All requests for Cinder's API so far. */
  readonly asked: Asked[];
  /** Says of each request what becomes of it. */
  gate: (asked: Asked) => Way;
  /** What the exporter knows without the canary. */
  surroundings: CanarySurroundings;
  readonly accessOf: (who: Who) => CloudAccess;
  /** Another process: it knows nothing of what another left. */
  readonly start: (options?: Partial<CanaryConfig>, who?: Who) => Canary;
  /** Lets time pass until the promise is settled. */
  readonly through: <T>(work: Promise<T>) => Promise<T>;
  /** Lets so much time pass, at the pace of what goes on in it. */
  readonly pass: (ms: number) => Promise<void>;
  /** All volumes of the cloud, as an administrator sees them. */
  readonly volumes: () => Promise<readonly Row[]>;
  /** An administrator sets the status of a volume. */
  readonly reset: (id: string, status: string) => Promise<void>;
  /** How many snapshots and attachments there are. */
  readonly held: () => Promise<{ readonly snapshots: number; readonly attachments: number }>;
  readonly log: string[];
}

/** No other timer has this length. A request that waits for a driver has another one too. */
export const REQUEST_MS = 9001;

/** How long a request may take. */
function lengthOf(method: string, path: string): number {
  return method !== 'GET' && path.startsWith('/attachments') ? ATTACH_TIMEOUT_MS : REQUEST_MS;
}

/** A simulated cloud with a project for the canary, time that stands still, and a gate before Cinder's API. */
export async function canaryBench(
  t: TestContext,
  options: {
    readonly cloud?: CloudDefinition;
    readonly settings?: Partial<CloudSettings>;
    /** Requests go to the simulated API without a wire between: many of them in little time. */
    readonly direct?: boolean;
  } = {},
): Promise<CanaryBench> {
  const time = manualTime(Date.UTC(2026, 10, 22, 12));
  const simulator = await startSimulator({
    cloud: options.cloud ?? CANARY_CLOUD,
    clock: time.cloud,
    rpcClock: time.cloud,
    settings: { tokenLifeMs: 1e12, ...options.settings },
  });
  /** Until when those are waited for that are never answered. */
  const hangs: number[] = [];
  /** Requests without a wire that are under way. */
  let direct = 0;
  const asked: Asked[] = [];
  const gate = createServer((incoming, response) => void pass(incoming, response));
  await new Promise<void>((resolve) => gate.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(gate.address() as AddressInfo).port}/volume/v3`;

  async function pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (await buffer(incoming)).toString('utf8');
    const path = (incoming.url ?? '').replace(/^\/volume\/v3/, '');
    const one = { method: incoming.method ?? '', path, token: String(incoming.headers['x-auth-token']), body };
    asked.push(one);
    const way = bench.gate(one);
    if (typeof way === 'object') {
      response.writeHead(way.status, { 'content-type': 'application/json' });
      return void response.end(way.body ?? '{"fault": {"message": "no"}}');
    }
    if (way === 'lost') return void incoming.socket.destroy();
    if (way === 'hang') return void hangs.push(time.clock.now() + lengthOf(one.method, path));
    const { 'accept-encoding': _, ...headers } = incoming.headers;
    const onward = forward(simulator.url + (incoming.url ?? ''), { method: one.method, headers }, (answer) => {
      void buffer(answer).then((bytes) => {
        if (way === 'unheard') return void incoming.socket.destroy();
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        response.end(bytes);
      });
    });
    onward.on('error', () => incoming.socket.destroy());
    onward.end(body);
  }

  const log: string[] = [];
  const write: Log = (level, message, fields) => void log.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`);
  const accessOf = (who: Who): CloudAccess =>
    loadAccess({
      env: { ...simulator.environment(who), OS_BLOCK_STORAGE_ENDPOINT_OVERRIDE: endpoint },
      cwd: '/nonexistent',
      home: '/nonexistent',
    });
  let owners = 0;
  const started: Canary[] = [];
  const bench: CanaryBench = {
    simulator,
    time,
    endpoint,
    asked,
    log,
    gate: () => 'pass',
    surroundings: { schedulerAnswers: true, backendsOf: () => undefined, conditionOf: () => 'up' },
    accessOf,
    start(config = {}, who = 'canary') {
      owners += 1;
      const nth = owners - 1;
      const canary = createCanary({
        config: { ...CONFIG, ...config },
        access: accessOf(who),
        clock: time.clock,
        log: write,
        requestTimeoutMs: REQUEST_MS,
        surroundings: () => bench.surroundings,
        ...(options.direct && { session: directSession() }),
        owner: `process-${nth}`,
        // No two processes begin in the same moment.
        random: () => (nth * 0.4) % 1,
      });
      started.push(canary);
      return canary;
    },
    async through(work) {
      const state = { over: false };
      const done = work.finally(() => {
        state.over = true;
      });
      // Who waits for it takes the rejection.
      done.catch(() => undefined);
      while (!state.over) await step();
      return done;
    },
    async pass(ms) {
      const until = time.clock.now() + ms;
      while (time.clock.now() < until) await step(until - time.clock.now());
      for (let i = 0; i < 50 || underWay(); i += 1) await turn();
    },
    async volumes() {
      const { json } = await asAdmin('/volumes/detail?all_tenants=1');
      return (json['volumes'] as readonly Record<string, unknown>[]).map((row) => ({
        id: String(row['id']),
        status: String(row['status']),
        project: String(row['os-vol-tenant-attr:tenant_id']),
        type: String(row['volume_type']),
        metadata: row['metadata'] as Record<string, string>,
      }));
    },
    async reset(id, status) {
      const body = JSON.stringify({ 'os-reset_status': { status } });
      assert.equal((await asAdmin(`/volumes/${id}/action`, 'POST', body)).status, 202);
    },
    async held() {
      const count = async (what: string): Promise<number> =>
        ((await asAdmin(`/${what}?all_tenants=1`)).json[what] as readonly unknown[]).length;
      return { snapshots: await count('snapshots'), attachments: await count('attachments') };
    },
  };

  let admin: Promise<string> | undefined;

  async function asAdmin(target: string, method = 'GET', body = ''): Promise<{ status: number; json: JsonObject }> {
    admin ??= tokenOf(simulator, password('admin', { project: { name: 'admin', domain: { name: 'Default' } } }));
    const { pathname, searchParams } = new URL(target, 'http://cinder');
    const said = await simulator.cinder(
      {
        method,
        path: `/v3${pathname}`,
        query: searchParams,
        headers: { 'x-auth-token': await admin, 'openstack-api-version': 'volume 3.70' },
        body,
        requestId: 'req-0',
      },
      'other',
      true,
    );
    assert.ok(typeof said === 'object');
    const text = String(said.body);
    return { status: said.status, json: text.startsWith('{') ? (JSON.parse(text) as JsonObject) : {} };
  }

  /** What the gate and the API do, without HTTP. */
  function directSession(): WritingSession {
    let token = '';
    const project = idOf('project', 'canary');
    async function ask(
      method: Request['method'],
      get: Parameters<WritingSession['get']>[0],
      body = '',
    ): Promise<SessionAnswer> {
      token ||= await tokenOf(
        simulator,
        password('canary', { project: { name: 'canary', domain: { name: 'Default' } } }),
      );
      const request: Request = {
        operation: get.operation,
        method,
        url: new URL(endpoint + get.path),
        headers: {},
        timeoutMs: REQUEST_MS,
      };
      const failed = (reason: 'connect' | 'timeout'): OpenStackError =>
        new OpenStackError(`${method} ${get.path}: ${reason}`, { reason, operation: get.operation, url: endpoint });
      const one = { method, path: get.path, token, body };
      asked.push(one);
      const way = bench.gate(one);
      if (way === 'lost') throw failed('connect');
      if (way === 'hang') {
        direct -= 1;
        await new Promise<void>((resolve) => {
          time.clock.after(REQUEST_MS, resolve);
          hangs.push(time.clock.now() + REQUEST_MS);
        });
        direct += 1;
        throw failed('timeout');
      }
      const said =
        typeof way === 'object'
          ? { status: way.status, body: way.body ?? '', headers: [] }
          : await simulator.cinder(
              {
                method,
                path: `/v3${request.url.pathname.slice('/volume/v3'.length)}`,
                query: request.url.searchParams,
                headers: { ...get.headers, 'x-auth-token': token },
                body,
                requestId: 'req-0',
              },
              'other',
              true,
            );
      if (typeof said === 'string' || way === 'unheard') throw failed('connect');
      const headers = { date: new Date(time.cloud.now()).toUTCString() };
      const answer = { status: said.status, headers, body: Buffer.from(said.body) };
      if (answer.status > 299) throw statusError(request, answer);
      return { request, answer };
    }
    const counted = async (work: Promise<SessionAnswer>): Promise<SessionAnswer> => {
      direct += 1;
      return work.finally(() => (direct -= 1));
    };
    return {
      get: (get) => counted(ask('GET', get)),
      write: (write) => counted(ask(write.method, write, write.body === undefined ? '' : JSON.stringify(write.body))),
      projectId: () => project,
      endpoint: async () => endpoint,
      hasRole: () => false,
      generation: () => 1,
      tokenExpiresAtMs: () => undefined,
      doubtEndpoint: () => {},
      getOpen: () => Promise.reject(new Error('not asked')),
    };
  }

  const requests = (): number =>
    direct + time.waiting().filter((ms) => ms === REQUEST_MS || ms === ATTACH_TIMEOUT_MS).length;
  const underWay = (): boolean => requests() > hangs.filter((until) => time.clock.now() < until).length;

  /** One turn while a request goes on, else the time to the next timer at most. */
  async function step(mostMs = Infinity): Promise<void> {
    await turn();
    if (underWay()) return;
    // An answer has come: what follows from it may be another request.
    for (let i = 0; i < 5; i += 1) await turn();
    if (underWay()) return;
    const waits = time.waiting();
    if (waits.length > 0 || mostMs < Infinity) time.advance(Math.min(mostMs, ...waits));
  }

  t.after(async () => {
    for (const canary of started) canary.close();
    gate.closeAllConnections();
    gate.close();
    await simulator.close();
  });
  return bench;
}
