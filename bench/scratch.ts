import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for this run, which goes with it. */
export const SCRATCH = mkdtempSync(join(tmpdir(), 'cinder-exporter-bench-'));

process.on('exit', () => rmSync(SCRATCH, { recursive: true, force: true }));
