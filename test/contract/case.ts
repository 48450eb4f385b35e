import type { Answer } from '../lab/answer.ts';
import type { Release } from '../lab/release.ts';
import type { Cloud, Who } from './cloud.ts';
import type { Pattern } from './pattern.ts';

/** One thing that a cloud does: what happens to it, what is asked then, and what it answers. */
export interface Case {
  readonly name: string;
  /** The first release of Cinder that does so. @default every one */
  readonly from?: Release;
  /** The first release of Cinder that does so no more. @default none */
  readonly before?: Release;
  readonly steps: readonly Step[];
}

export interface Step {
  readonly arrange?: (cloud: Cloud) => Promise<void>;
  readonly ask: Ask | ((cloud: Cloud, kept: Kept) => Ask);
  /** Asked again until it holds or the deadline has passed. */
  readonly expect: Expected | ((cloud: Cloud) => Expected);
  /** Takes back what an answer that was not the expected one may have left, before it is asked again. @default nothing to take back */
  readonly again?: (ask: (one: Ask) => Promise<Answer>, kept: Kept) => Promise<void>;
  /** Keeps the id of what is under that key of the answer, for later steps. */
  readonly keep?: string;
}

/** Ids by the key under which they came. */
export type Kept = ReadonlyMap<string, string>;

export interface Ask {
  /** @default 'volume': Cinder with `/v3`; `volume-root` is Cinder without it. */
  readonly to?: 'identity' | 'identity-root' | 'volume' | 'volume-root';
  readonly path: string;
  /** null: without a token. @default 'admin' */
  readonly as?: Who | null;
  /** `OpenStack-API-Version: volume <microversion>`. */
  readonly microversion?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly body?: unknown;
}

export interface Expected {
  readonly status: number;
  readonly headers?: Readonly<Record<string, Pattern>>;
  readonly json?: Pattern;
  /** The body is a page for people, not JSON. */
  readonly html?: true;
  /** Rows of a service list by `binary host`; `absent`: there is no such row. */
  readonly services?: Readonly<Record<string, Pattern>>;
  /** Capabilities by the pool's whole name; `absent`: there is no such pool. */
  readonly pools?: Readonly<Record<string, Pattern>>;
  /** Whole names of all the pools, in any order. */
  readonly poolNames?: readonly string[];
  readonly atLeastMs?: number;
  readonly atMostMs?: number;
}
