import type { Release } from '../lab/release.ts';
import type { Case, Expected, Step } from './case.ts';

/** One question, one answer, nothing done to the cloud before. */
export const plain = (name: string, ask: Step['ask'], expect: Expected): Case => ({
  name,
  steps: [{ ask, expect }],
});
/** An error of the API itself: `{"<kind>": {"code", "message"}}`. */
export const fault = (status: number, kind: string, message: RegExp): Expected => ({
  status,
  headers: { 'content-type': /^application\/json/ },
  json: { [kind]: { code: status, message } },
});
/** Cases that hold from a release of Cinder on, or before it only. */
export const from = (release: Release, ...cases: readonly Case[]): Case[] =>
  cases.map((one) => ({ ...one, from: release, name: `${one.name} (from ${release})` }));
export const before = (release: Release, ...cases: readonly Case[]): Case[] =>
  cases.map((one) => ({ ...one, before: release, name: `${one.name} (before ${release})` }));
/** What the router says of a path that it does not know. */
export const notFoundPage: Expected = { status: 404, html: true };
/** The authentication layer in front of the API. */
export const unauthorized: Expected = {
  status: 401,
  headers: { 'www-authenticate': /^Keystone uri="http/ },
  json: { error: { code: 401, title: 'Unauthorized', message: 'The request you have made requires authentication.' } },
};
/** A rule of policy.yaml that the user's roles do not satisfy. */
export const forbidden = (policy: string): Expected =>
  fault(403, 'forbidden', new RegExp(`^Policy doesn't allow ${policy.replaceAll('.', '\\.')} to be performed\\.$`));
