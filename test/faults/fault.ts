import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FailureReason } from '../../src/openstack/errors.ts';
import type { Wire } from './wire.ts';

/** One request that a fault answers. */
export interface Line {
  /** Towards the exporter; closes when the exporter gives up. */
  readonly socket: Duplex & { readonly resetAndDestroy?: () => unknown };
  readonly request: { readonly headers: IncomingHttpHeaders; readonly body: Buffer };
  /** What the cloud answers to this request. */
  readonly real: () => Promise<Wire>;
  /** Another server, which must never hear from the exporter. */
  readonly elsewhere: string;
  /** From now on nobody listens here. */
  readonly refuse: () => void;
}

/** A way for an answer to go wrong. */
export interface Fault {
  readonly name: string;
  /** What it must be called in `cinder_exporter_errors_total`; undefined: it is no fault at all to a careful client. */
  readonly reason: FailureReason | undefined;
  /** What the log must say of it. */
  readonly words: RegExp;
  /** HTTP status, when that is the fault. */
  readonly status?: number;
  /** The answer says when to come back. */
  readonly asksToWait?: boolean;
  /** It lasts until the exporter gives up. */
  readonly hangs?: boolean;
  /** It lasts until then. */
  readonly holds?: Promise<void>;
  readonly act: (line: Line) => void | Promise<void>;
}
