import type { Play } from './play.ts';
import { BACKENDS } from './plays-backends.ts';
import { CANARY } from './plays-canary.ts';
import { CAPACITY } from './plays-capacity.ts';
import { EXPORTER } from './plays-exporter.ts';
import { SERVICE_PAGES } from './plays-services.ts';

/** How each runbook is followed beside a real Cinder: the commands that are run, and what each must print there. */
export const PLAYS: Readonly<Record<string, Play>> = {
  ...BACKENDS,
  ...SERVICE_PAGES,
  ...CAPACITY,
  ...CANARY,
  ...EXPORTER,
};
