#!/usr/bin/env node
import { run } from './cli/run.ts';
import { fitHeap } from './refresh/heap.ts';

fitHeap();

// A log that nobody reads any more (a closed pipe) is no reason to stop watching.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

process.exitCode = await run(process.argv.slice(2));
// Connections to a cloud may still be open, and nobody waits for them.
process.exit();
