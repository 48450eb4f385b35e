import type { AddressInfo } from 'node:net';
import { type Canned, answerAdmin, createCanned } from './admin-api.ts';
import { answerCinder, needsScheduler } from './cinder-api.ts';
import type { ApiProcess } from './cinder-call.ts';
import { type CloudClock, realClock } from './clock.ts';
import { type Cloud, createCloud } from './cloud.ts';
import { type CloudDefinition, DEFAULT_SETTINGS, type CloudSettings, RELEASES, type Release } from './definition.ts';
import { DEMO_CLOUD } from './demo.ts';
import { type Faults, faults } from './faults.ts';
import { type Who, environmentOf } from './keystone-identity.ts';
import { createAuthToken } from './keystone-tokens.ts';
import { answerKeystone } from './keystone.ts';
import { type RequestLog, createRequestLog } from './request-log.ts';
import { type WireAnswer, type Handler, createWebServer } from './server.ts';
import { createServicesBody } from './services-body.ts';
import { createThreads } from './threads.ts';

export interface SimulatorOptions {
  /** 0, the default: a port that is free. */
  readonly port?: number;
  /** 127.0.0.1 by default. */
  readonly host?: string;
  /** The demo's cloud by default. */
  readonly cloud?: CloudDefinition;
  /** The machine's time by default. */
  readonly clock?: CloudClock;
  /** What `rpc_response_timeout` goes by. @default real time, whatever the clock */
  readonly rpcClock?: CloudClock;
  /** Which Cinder it is. @default '21' */
  readonly release?: Release;
  readonly settings?: Partial<CloudSettings>;
}

/** A simulated cloud that listens. */
export interface Simulator {
  /** Keystone is at `/identity/v3` below it, Cinder at `/volume/v3`. */
  readonly url: string;
  readonly authUrl: string;
  /** `OS_*` variables; of the admin by default. */
  environment(who?: Who): Record<string, string>;
  readonly cloud: Faults & Pick<Canned, 'answerWith'>;
  readonly requests: RequestLog;
  /** Cinder's API without the wire. */
  readonly cinder: Handler;
  /** Stops everything; requests under way are cut. */
  close(): Promise<void>;
}

/** Starts a cloud. Its first stats are published before this resolves. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const settings = { ...DEFAULT_SETTINGS, ...RELEASES[options.release ?? '21'], ...options.settings };
  const clock = options.clock ?? realClock();
  const log = createRequestLog();
  const handlers: Record<string, Handler> = {};
  const server = createWebServer(handlers, log, () => clock.now(), settings);
  const host = options.host ?? '127.0.0.1';
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port ?? 0, host, resolve);
  });
  const address = server.address() as AddressInfo;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
  const cloud = createCloud(options.cloud ?? DEMO_CLOUD, clock, options.rpcClock ?? realClock(), settings, url);
  const canned = createCanned();
  const handle = { ...faults(cloud), answerWith: canned.answerWith };
  handlers['/identity'] = keystoneHandler(cloud, `${url}/identity`, canned);
  handlers['/volume'] = cinderHandler(cloud, url, canned, log.waiting);
  handlers['/admin'] = async (request, _, loopback) => (loopback ? answerAdmin(handle, log, request) : 'cut');
  cloud.processes.run();
  return {
    url,
    authUrl: `${url}/identity/v3`,
    environment: (who = 'admin') => environmentOf(who, `${url}/identity/v3`, cloud.directory),
    cloud: handle,
    requests: log,
    cinder: handlers['/volume'],
    async close() {
      cloud.processes.close();
      cloud.bus.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function keystoneHandler(cloud: Cloud, url: string, canned: Canned): Handler {
  const { directory, tokens, clock, settings } = cloud;
  const keystone = {
    directory,
    tokens,
    catalog: () => cloud.catalog,
    now: () => clock.now(),
    tokenLifeMs: settings.tokenLifeMs,
    url,
  };
  return async (request, operation) =>
    cloud.keystoneIsUp ? (canned.take(operation) ?? answerKeystone(keystone, request)) : 'cut';
}

function cinderHandler(cloud: Cloud, url: string, canned: Canned, waiting: (change: 1 | -1) => void): Handler {
  const { clock, settings, database, queues, flows, operator, tokens, volumeTypes, images } = cloud;
  const now = (): number => clock.now();
  const api: ApiProcess = {
    settings,
    database,
    queues,
    flows,
    now,
    images,
    operator,
    authToken: createAuthToken(tokens, now, settings.tokenCacheMs, () => cloud.keystoneIsUp),
    servicesBody: createServicesBody(database, now, settings.serviceDownTimeMs),
    volumeTypes,
    policy: () => cloud.policy,
    databaseIsUp: () => cloud.databaseIsUp,
    url: `${url}/volume`,
    keystoneUrl: `${url}/identity`,
  };
  const threads = createThreads(settings.apiThreads);
  return async (request, operation) => {
    if (cloud.apiState !== 'up') return cloud.apiState === 'hung' ? 'silence' : 'cut';
    const replaced = canned.take(operation);
    if (replaced !== undefined) return replaced;
    const work = (): Promise<WireAnswer> => threads.run(() => answerCinder(api, request));
    if (!needsScheduler(api, request)) return work();
    waiting(1);
    return work().finally(() => waiting(-1));
  };
}
