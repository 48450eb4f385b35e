import type { Child } from './child.ts';
import type { Cloud } from './cloud.ts';

/** What the measurements share. */
export interface Context {
  readonly short: boolean;
  /** Backends of the clouds: 100, 1,000 and 10,000; smaller in the short form. */
  readonly sizes: Sizes;
  /** The still cloud of that size, started when first asked for. */
  readonly cloud: (backends: number) => Promise<Cloud>;
  /** The load generator. */
  readonly load: Child;
}

export interface Sizes {
  readonly small: number;
  readonly medium: number;
  readonly large: number;
}
