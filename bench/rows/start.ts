import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { watchOver } from '../child.ts';
import type { Context } from '../context.ts';
import { oneCloud, writeConfig } from '../exporter.ts';
import { MAIN } from '../program.ts';
import type { Row } from '../row.ts';
import { median, short } from '../stats.ts';

/** From the start of the process to a port that takes connections, against `node -e 0` from start to end, in turns. */
export async function measureStart(context: Context): Promise<Row[]> {
  const { environment } = await context.cloud(context.sizes.small);
  const file = writeConfig(oneCloud('30s'));
  const ours: number[] = [];
  const empty: number[] = [];
  for (let round = 0; round <= (context.short ? 5 : 15); round += 1) {
    const started = await timeToListen(['--config.file', file], environment);
    const nothing = await timeToEnd();
    if (round === 0) continue;
    ours.push(started);
    empty.push(nothing);
  }
  const ratio = median(ours) / median(empty);
  return [
    {
      about: 'start',
      what: "to a listening port, of node -e 0's time",
      value: ratio,
      measured: `${short(ratio)} (${short(median(ours))} ms, node -e 0 ${short(median(empty))} ms)`,
      target: { sense: 'at most', limit: 6 },
    },
  ];
}

async function timeToListen(args: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  const start = performance.now();
  const child = spawn(process.execPath, [MAIN, ...args, '--web.listen-address', '127.0.0.1:0'], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  watchOver(child);
  let log = '';
  for await (const text of child.stderr.setEncoding('utf8') as AsyncIterable<string>) {
    log += text;
    const port = /Listening on.*127\.0\.0\.1:(\d+)/.exec(log)?.[1];
    if (port === undefined) continue;
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    const took = performance.now() - start;
    socket.destroy();
    child.kill('SIGKILL');
    return took;
  }
  throw new Error(`the exporter did not listen: ${log}`);
}

async function timeToEnd(): Promise<number> {
  const start = performance.now();
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore', env: {} });
  await once(child, 'exit');
  return performance.now() - start;
}
