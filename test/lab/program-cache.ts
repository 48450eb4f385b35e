import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where programs that are no packages stay from one run to the next: the cache of the user. */
export const PROGRAM_CACHE = join(
  process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'),
  'cinder-exporter-programs',
);
