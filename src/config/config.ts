/**
 * How long each operation on a volume may rightly last, in milliseconds: a status of Cinder's, and `creatingFrom` for what is made from a snapshot, a
 * volume or an image.
 */
export type OperationLimits = Readonly<
  Record<
    | 'creating'
    | 'creatingFrom'
    | 'deleting'
    | 'extending'
    | 'attaching'
    | 'detaching'
    | 'managing'
    | 'downloading'
    | 'uploading'
    | 'backing-up'
    | 'restoring-backup'
    | 'retyping'
    | 'maintenance',
    number
  >
>;

/** When to refresh: every so many milliseconds, or by a node-cron expression (UTC, seconds field allowed). */
export type Schedule =
  | { readonly kind: 'interval'; readonly everyMs: number }
  | { readonly kind: 'cron'; readonly expression: string };

/** The settings of one watched cloud, complete: every default is already filled in. */
export interface CloudConfig {
  /** Name in `/probe?cloud=NAME`; unique. */
  readonly name: string;
  /** The entry of clouds.yaml; undefined: `OS_CLOUD`, or the `OS_*` variables alone. */
  readonly osCloud?: string;
  readonly schedule: Schedule;
  /** Random delay before each refresh but the first. */
  readonly maxRandomDelayMs: number;
  /** A whole request that needs no scheduler: connecting, sending, the last byte of the answer. */
  readonly requestTimeoutMs: number;
  /** How long a refresh waits for an answer that needs the scheduler, before it goes on without. The request itself stays open. */
  readonly schedulerPatienceMs: number;
  /** When such a request is given up at last. */
  readonly schedulerTimeoutMs: number;
  /** Driver stats, or the last result of a failing collector, older than this no longer count. undefined: the larger of 300 s and 5 refresh intervals. */
  readonly staleAfterMs?: number;
  readonly collectors: {
    readonly pools: boolean;
    readonly volumeTypes: boolean;
    readonly volumes: boolean;
    readonly capabilities: boolean;
    readonly operations: boolean;
  };
  /** How long an operation on a volume may last before it is stuck. */
  readonly operationLimits: OperationLimits;
  readonly volumeTypesEveryMs: number;
  readonly limits: Limits;
  /** undefined: nothing is ever made in this cloud. */
  readonly canary?: CanaryConfig;
}

/** What makes a volume now and then, looks whether it works, and takes it away. */
export interface CanaryConfig {
  /** The entry of clouds.yaml of its own login. */
  readonly osCloud: string;
  readonly types: readonly CanaryTypeConfig[];
  /** Between two rounds of a type: as configured, or longer where more than 30 rounds an hour would come of it. */
  readonly everyMs: number;
  readonly pauseFile?: string;
  /** A snapshot is made of the volume, and deleted. */
  readonly snapshot?: boolean;
  /** The image that the volume is made from. */
  readonly image?: string;
  /** To whom the volume is exported; undefined: it is not. */
  readonly connector?: Connector;
}

/** What a host says of itself to an array, as os-brick has it. */
export type Connector = Readonly<Record<string, string | number | boolean | readonly string[]>>;

export interface CanaryTypeConfig {
  readonly volumeType: string;
  /** The backend that it is for alone; undefined: it has several, and judges none. */
  readonly backend?: string;
}

/** Bounds on what one answer may hold; what is beyond is counted and reported, never silently lost. */
export interface Limits {
  readonly maxBodyBytes: number;
  readonly maxRows: number;
  /** Longest label value, in characters. Longer ones are cut and counted. */
  readonly maxLabelLength: number;
}

/** The whole configuration file. */
export interface Config {
  readonly clouds: readonly CloudConfig[];
  /** Base URL of Grafana, for links on the status page. */
  readonly grafanaUrl?: string;
  /** Where the operators keep their runbooks, for links on the status page; undefined: the shipped ones. */
  readonly runbookUrl?: string;
  /** The file it came from; undefined without `--config.file`. */
  readonly file?: string;
}
