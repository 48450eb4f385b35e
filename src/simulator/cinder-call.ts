import { Fault, INCAPABLE, MALFORMED } from './cinder-fault.ts';
import type { Database, VolumeTypeRow } from './database.ts';
import type { CloudSettings } from './definition.ts';
import type { AuthToken } from './keystone-tokens.ts';
import type { Queues } from './queues.ts';
import type { VolumeFlows } from './volume-flow.ts';
import type { Operator } from './operator.ts';
import type { SchedulerPool } from './scheduler.ts';
import type { WireRequest } from './server.ts';
import type { ServicesBody } from './services-body.ts';

/** The cinder-api process and what it reaches. */
export interface ApiProcess {
  readonly settings: CloudSettings;
  readonly database: Database;
  readonly queues: Queues;
  readonly flows: VolumeFlows;
  readonly now: () => number;
  readonly images: readonly string[];
  readonly operator: Operator;
  readonly authToken: AuthToken;
  readonly servicesBody: ServicesBody;
  /** Newest first. */
  readonly volumeTypes: VolumeTypeRow[];
  readonly policy: () => Policy;
  readonly databaseIsUp: () => boolean;
  /** Where the API is found, without `/v3`. */
  readonly url: string;
  readonly keystoneUrl: string;
}

/** One request that has passed authentication and routing. */
export interface CinderCall {
  readonly api: ApiProcess;
  readonly request: WireRequest;
  readonly version: ApiVersion;
  readonly roles: readonly string[];
  /** `is_admin` of the request's context. */
  readonly admin: boolean;
  /** Of the token; a token of the whole system has none. */
  readonly project: string | undefined;
  readonly user: string;
  /** The project id in the URL, if any. */
  readonly urlProject: string | undefined;
  /** The path below the project: `os-services`, `scheduler-stats/get_pools`, ... */
  readonly resource: string;
}

/** What an operation answers when all went well. */
export interface Result {
  readonly status: number;
  readonly body: Buffer | string;
  /** @default 'application/json' */
  readonly contentType?: string;
}

/** An answer of JSON. */
export function jsonResult(status: number, body: unknown): Result {
  return { status, body: JSON.stringify(body) };
}

/** Accepted, with nothing to say. */
export const ACCEPTED: Result = { status: 202, body: '' };
/** The same where Cinder writes the answer by hand: WebOb takes it for a page. */
export const ACCEPTED_PAGE: Result = { status: 202, body: '', contentType: 'text/html; charset=UTF-8' };

export type Pools = readonly SchedulerPool[];

/** A version of the API, compared as two integers: 3.9 is older than 3.49. */
export interface ApiVersion {
  readonly major: number;
  readonly minor: number;
}

/** Versions from which the answers change. */
export const REPLICATION_CLUSTER = parseMicroversion('3.26');
export const LOG_LEVEL = parseMicroversion('3.32');
export const TYPE_FILTER = parseMicroversion('3.52');
export const BOOTABLE_FILTER = parseMicroversion('3.2');
export const MESSAGES = parseMicroversion('3.3');
export const MESSAGE_PAGES = parseMicroversion('3.5');
export const CLUSTER = parseMicroversion('3.7');
export const SUMMARY = parseMicroversion('3.12');
export const GROUP = parseMicroversion('3.13');
export const GROUP_SNAPSHOTS = parseMicroversion('3.14');
export const PROVIDER_ID = parseMicroversion('3.21');
export const FORCE_DELETE = parseMicroversion('3.23');
export const ATTACHMENTS = parseMicroversion('3.27');
export const POOL_FILTER = parseMicroversion('3.28');
export const RESOURCE_FILTER = parseMicroversion('3.31');
export const POOL_TYPE_FILTER = parseMicroversion('3.35');
export const SUMMARY_METADATA = parseMicroversion('3.36');
export const SNAPSHOT_USER = parseMicroversion('3.41');
export const COUNT = parseMicroversion('3.45');
export const SHARED_TARGETS = parseMicroversion('3.48');
export const BACKEND_STATE = parseMicroversion('3.49');
export const STRICT_CREATE = parseMicroversion('3.53');
export const VOLUME_CLUSTER = parseMicroversion('3.61');
export const TYPE_ID = parseMicroversion('3.63');
export const USE_QUOTA = parseMicroversion('3.65');

/** Reads `major.minor`; anything else is the 400 that Cinder gives. */
function parseMicroversion(text: string): ApiVersion {
  const match = /^([1-9]\d*)\.([1-9]\d*|0)$/.exec(text);
  if (match === null) {
    throw new Fault(400, `API Version String ${text} is of invalid format. Must be of format MajorNum.MinorNum.`);
  }
  return { major: Number(match[1]), minor: Number(match[2]) };
}

/** Is `version` that one or a later one? */
export function atLeast(version: ApiVersion, that: ApiVersion): boolean {
  return version.major === that.major ? version.minor >= that.minor : version.major > that.major;
}

/** `3.49` */
export function microversionText(version: ApiVersion): string {
  return `${version.major}.${version.minor}`;
}

/** Which version an `OpenStack-API-Version` header asks for: of its comma-separated parts the first that speaks of `volume`. */
export function requestedMicroversion(header: string | undefined, min: string, max: string): ApiVersion {
  if (header === undefined) return parseMicroversion(min);
  const part = header.split(',').find((each) => each.includes('volume'));
  if (part === undefined) throw new Fault(400, MALFORMED);
  const words = part.trim().split(/\s+/);
  const [, asked] = words;
  if (asked === undefined || words.length > 2) throw new Fault(500, INCAPABLE);
  return asked === 'latest' ? parseMicroversion(max) : parseMicroversion(asked);
}

/** Refuses (406) a version outside of what the cloud offers. */
export function checkOffered(version: ApiVersion, min: string, max: string): void {
  if (atLeast(version, parseMicroversion(min)) && atLeast(parseMicroversion(max), version)) return;
  const text = microversionText(version);
  throw new Fault(406, `Version ${text} is not supported by the API. Minimum is ${min} and maximum is ${max}.`);
}

/** Roles that Cinder's policy.yaml lets read, each rule on its own. */
export interface Policy {
  /** `volume_extension:services:index` */
  readonly services: readonly string[];
  /** `scheduler_extension:scheduler_stats:get_pools` */
  readonly pools: readonly string[];
  /** `volume_extension:capabilities` */
  readonly capabilities: readonly string[];
  /** `context_is_admin`: without it the database layer refuses, whatever the two rules say. */
  readonly contextIsAdmin: readonly string[];
  /** `volume_extension:access_types_extra_specs`: without it a type is listed without `extra_specs`. */
  readonly extraSpecs: readonly string[];
  /** `volume_extension:types_extra_specs:read_sensitive`: without it only those are left that everybody may see. */
  readonly allExtraSpecs: readonly string[];
}

/** Cinder's defaults, and a role `monitor` that was given the two rules but no admin context: it is still refused. */
export const DEFAULT_POLICY: Policy = {
  services: ['admin', 'monitor'],
  pools: ['admin', 'monitor'],
  capabilities: ['admin'],
  contextIsAdmin: ['admin'],
  extraSpecs: ['admin', 'reader'],
  allExtraSpecs: ['admin'],
};

/** Refuses (403) whoever lacks the role admin: a context of administration is not enough for `admin_api`. */
export function adminOnly({ roles }: CinderCall, rule: string): void {
  if (!roles.includes('admin')) throw forbidden(rule);
}

/** May the caller read (reader) or change (member) what is of a project? Always, before the releases that ask for these roles. */
export function hasProjectRole({ api, roles }: CinderCall, role: 'reader' | 'member'): boolean {
  return !api.settings.projectRoles || allows(['admin', role], roles);
}

/** Refuses (403) whoever may not. */
export function projectOnly(call: CinderCall, role: 'reader' | 'member', rule: string): void {
  if (!hasProjectRole(call, role)) throw forbidden(rule);
}

/** A rule that is not satisfied. */
export function forbidden(rule: string): Fault {
  return new Fault(403, `Policy doesn't allow ${rule} to be performed.`);
}

/** Does one of the roles satisfy the rule? */
export function allows(rule: readonly string[], roles: readonly string[]): boolean {
  return roles.some((role) => rule.includes(role));
}
