#!/usr/bin/env node
import { url as debuggerUrl, close as closeDebugger } from 'node:inspector';
import { setImmediate as turn } from 'node:timers/promises';
import { listenToSignals } from './cli/signals.ts';

/**
 * SIGUSR1 makes Node.js open its debugger on a port of the loopback, and whoever reaches that reads all memory and every file of ours.
 * Source: https://nodejs.org/api/process.html#signal-events. A listener of ours takes the place of Node's.
 */
process.on('SIGUSR1', () => {});

const signals = listenToSignals();
// Loaded only now, so that the time before the listeners is short.
const { run } = await import('./cli/run.ts');

// A log that nobody reads any more (a closed pipe) is no reason to stop watching.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

// A signal before the listener opens the debugger at once, and again in the first turn of the event loop: it is closed after both.
await turn();
closeUnwantedDebugger();
setTimeout(closeUnwantedDebugger, 1000).unref();

process.exitCode = await run(process.argv.slice(2), signals);
// Connections to a cloud may still be open, and nobody waits for them.
process.exit();

/** Closes it unless the command line or NODE_OPTIONS asks for it. */
function closeUnwantedDebugger(): void {
  const options = `${process.execArgv.join(' ')} ${process.env['NODE_OPTIONS'] ?? ''}`;
  const wanted = /--inspect(?:-brk|-wait)?(?:=|\s|$)/.test(options);
  if (!wanted && debuggerUrl() !== undefined) closeDebugger();
}
