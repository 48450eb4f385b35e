import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

/** Makes the pictures in docs/pictures from a running demo. Needs a built dist and chromium (CHROMIUM names another one). */
const FOLDER = fileURLToPath(new URL('../docs/pictures/', import.meta.url));
const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
/** Long enough for several faults of the script to have come and gone. */
const AFTER_MS = Number(process.env['PICTURES_AFTER_MS'] ?? 100_000);

const demo = spawn(process.execPath, [MAIN, 'demo', '--web.listen-address', '127.0.0.1:0'], {
  stdio: ['ignore', 'ignore', 'pipe'],
});
try {
  const address = await new Promise<string>((resolve, reject) => {
    let log = '';
    demo.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      log += chunk;
      const told = /msg="Listening on".* address=(\S+)/.exec(log)?.[1];
      if (told) resolve(told);
    });
    demo.once('exit', () => reject(new Error(log)));
  });
  await new Promise((resolve) => {
    setTimeout(resolve, AFTER_MS);
  });
  await mkdir(FOLDER, { recursive: true });
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  const shots = [
    { name: 'status', path: '/', width: 1100, height: 900, scheme: 'light' },
    { name: 'status-dark', path: '/', width: 1100, height: 900, scheme: 'dark' },
    {
      name: 'backend',
      path: `/backend?host=${encodeURIComponent('controller-3@svc-stretched')}`,
      width: 1100,
      height: 800,
      scheme: 'light',
    },
  ] as const;
  for (const { name, path, width, height, scheme } of shots) {
    const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme });
    await page.goto(`http://${address}${path}`);
    await page.screenshot({ path: `${FOLDER}${name}.png` });
    await page.close();
  }
  await browser.close();
} finally {
  demo.kill('SIGTERM');
}
