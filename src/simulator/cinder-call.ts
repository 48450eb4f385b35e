import type { AuthToken } from './auth-token.ts';
import type { Bus } from './bus.ts';
import type { Database } from './database.ts';
import type { Microversion } from './microversion.ts';
import type { Operator } from './operator.ts';
import type { Policy } from './policy.ts';
import type { SchedulerPool } from './scheduler.ts';
import type { ServicesBody } from './services-body.ts';
import type { Settings } from './settings.ts';
import type { VolumeType } from './volume-type.ts';
import type { WireRequest } from './wire-request.ts';

/** The cinder-api process and what it reaches. */
export interface CinderApi {
  readonly settings: Settings;
  readonly database: Database;
  readonly bus: Pick<Bus, 'call'>;
  readonly operator: Operator;
  readonly authToken: AuthToken;
  readonly servicesBody: ServicesBody;
  readonly volumeTypes: readonly VolumeType[];
  readonly policy: () => Policy;
  readonly databaseIsUp: () => boolean;
  /** Where the API is found, without `/v3`. */
  readonly url: string;
  readonly keystoneUrl: string;
}

/** One request that has passed authentication and routing. */
export interface CinderCall {
  readonly api: CinderApi;
  readonly request: WireRequest;
  readonly version: Microversion;
  readonly roles: readonly string[];
  /** The project id in the URL, if any. */
  readonly urlProject: string | undefined;
  /** The path below the project: `os-services`, `scheduler-stats/get_pools`, ... */
  readonly resource: string;
}

/** What an operation answers when all went well. */
export interface Result {
  readonly status: number;
  readonly body: Buffer | string;
}

export type Pools = readonly SchedulerPool[];
