import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { fileURLToPath } from 'node:url';
import { watchOver } from './child.ts';
import { residentMb } from './usage.ts';

const HELLO = `
import express from 'express';
const app = express();
app.get('/', (request, response) => response.send('Hello, world!'));
const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

/** The least that a program with express can be: what our memory is compared with. It is asked a few times before it is measured. */
export async function startHello(): Promise<{ readonly residentMb: () => number; readonly stop: () => Promise<void> }> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', HELLO], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  watchOver(child);
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  for (let i = 0; i < 50; i += 1) {
    await new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port: Number(port.toString()) }, (response) => {
        response.resume().on('end', resolve);
      }).on('error', reject);
    });
  }
  return {
    residentMb: () => residentMb(child.pid ?? 0).now,
    async stop() {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}
