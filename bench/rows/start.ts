import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { watchOver } from '../child.ts';
import type { Context } from '../context.ts';
import { oneCloud, writeConfig } from '../exporter.ts';
import { MAIN } from '../program.ts';
import type { Row } from '../row.ts';
import { median, short } from '../stats.ts';
import { cpuMs } from '../usage.ts';

/** From the start of the process to a port that takes connections, against `node -e 0` from start to end, in turns. */
export async function measureStart(context: Context): Promise<Row[]> {
  const { environment } = await context.cloud(context.sizes.small);
  const file = writeConfig(oneCloud('30s'));
  const ours: number[] = [];
  const empty: number[] = [];
  const cpu: Record<'ours' | 'bare', number[]> = { ours: [], bare: [] };
  const pages: number[] = [];
  for (let round = 0; round <= (context.short ? 5 : 15); round += 1) {
    const command = [MAIN, '--config.file', file, '--web.listen-address', '127.0.0.1:0'];
    const started = await timeToListen(command, environment);
    const bare = await timeToListen(['--input-type=module', '--eval', BARE], {});
    const nothing = await timeToEnd();
    if (round === 0) continue;
    ours.push(started.listenMs);
    empty.push(nothing);
    cpu.ours.push(started.cpuMs);
    cpu.bare.push(bare.cpuMs);
    pages.push(started.pageMs);
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
    {
      about: 'start',
      what: "CPU to a listening port, of a bare http server's",
      value: median(cpu.ours) / median(cpu.bare),
      measured: `${short(median(cpu.ours) / median(cpu.bare))} (${short(median(cpu.ours))} ms, bare node:http ${short(median(cpu.bare))} ms)`,
    },
    {
      about: 'start',
      what: "to a page with cinder_up, of node -e 0's time",
      value: median(pages) / median(empty),
      measured: `${short(median(pages) / median(empty))} (${short(median(pages))} ms)`,
    },
  ];
}

/** The least that a program which listens can be. */
const BARE = `
import { createServer } from 'node:http';
const server = createServer((request, response) => response.end('cinder_up 1'));
server.listen(0, '127.0.0.1', () => console.error('Listening on 127.0.0.1:' + server.address().port));
`;

interface Started {
  readonly listenMs: number;
  readonly cpuMs: number;
  readonly pageMs: number;
}

async function timeToListen(command: readonly string[], env: Readonly<Record<string, string>>): Promise<Started> {
  const start = performance.now();
  const child = spawn(process.execPath, command, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  watchOver(child);
  let log = '';
  for await (const part of child.stderr.setEncoding('utf8') as AsyncIterable<string>) {
    log += part;
    const port = /Listening on.*127\.0\.0\.1:(\d+)/.exec(log)?.[1];
    if (port === undefined) continue;
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    const listenMs = performance.now() - start;
    const used = cpuMs(child.pid ?? 0);
    socket.destroy();
    while (!(await pageOf(Number(port))).includes('cinder_up ')) await sleep(5);
    const pageMs = performance.now() - start;
    child.kill('SIGKILL');
    return { listenMs, cpuMs: used, pageMs };
  }
  throw new Error(`it did not listen: ${log}`);
}

function pageOf(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/metrics' }, (response) => {
      text(response).then(resolve, reject);
    }).on('error', reject);
  });
}

async function timeToEnd(): Promise<number> {
  const start = performance.now();
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore', env: {} });
  await once(child, 'exit');
  return performance.now() - start;
}
