import { Fault, INCAPABLE, MALFORMED } from './fault.ts';

/** A version of the API, compared as two integers: 3.9 is older than 3.49. */
export interface Microversion {
  readonly major: number;
  readonly minor: number;
}

/** Versions from which the answers change. */
export const CLUSTER = parseMicroversion('3.7');
export const POOL_FILTER = parseMicroversion('3.28');
export const RESOURCE_FILTER = parseMicroversion('3.31');
export const POOL_TYPE_FILTER = parseMicroversion('3.35');
export const BACKEND_STATE = parseMicroversion('3.49');

/** Reads `major.minor`; anything else is the 400 that Cinder gives. */
function parseMicroversion(text: string): Microversion {
  const match = /^([1-9]\d*)\.([1-9]\d*|0)$/.exec(text);
  if (match === null) {
    throw new Fault(400, `API Version String ${text} is of invalid format. Must be of format MajorNum.MinorNum.`);
  }
  return { major: Number(match[1]), minor: Number(match[2]) };
}

/** Is `version` that one or a later one? */
export function atLeast(version: Microversion, that: Microversion): boolean {
  return version.major === that.major ? version.minor >= that.minor : version.major > that.major;
}

/** `3.49` */
export function microversionText(version: Microversion): string {
  return `${version.major}.${version.minor}`;
}

/** Which version an `OpenStack-API-Version` header asks for: of its comma-separated parts the first that speaks of `volume`. */
export function requestedMicroversion(header: string | undefined, min: string, max: string): Microversion {
  if (header === undefined) return parseMicroversion(min);
  const part = header.split(',').find((each) => each.includes('volume'));
  if (part === undefined) throw new Fault(400, MALFORMED);
  const words = part.trim().split(/\s+/);
  const [, asked] = words;
  if (asked === undefined || words.length > 2) throw new Fault(500, INCAPABLE);
  return asked === 'latest' ? parseMicroversion(max) : parseMicroversion(asked);
}

/** Refuses (406) a version outside of what the cloud offers. */
export function checkOffered(version: Microversion, min: string, max: string): void {
  if (atLeast(version, parseMicroversion(min)) && atLeast(parseMicroversion(max), version)) return;
  const text = microversionText(version);
  throw new Fault(406, `Version ${text} is not supported by the API. Minimum is ${min} and maximum is ${max}.`);
}
