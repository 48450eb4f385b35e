/**
 * Draws the shipped dashboards from a live Prometheus with Grafana's own components: not Grafana, but near enough to see what is cut off.
 *
 *     npm run draw                            two pictures for docs/pictures from the demo, which it runs for some minutes
 *     npm run draw -- URL [MINUTES]           the same from that Prometheus, its last MINUTES (15)
 *     npm run draw -- URL MINUTES FOLDER      every dashboard in both themes to FOLDER
 *
 * Needs a built dist, prometheus and alertmanager on PATH, and chromium (CHROMIUM names another one). Grafana's packages are installed below
 * ~/.cache at the first run: 600 MB, some minutes. They are no dependency of the project.
 */
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { chromium, type Browser } from 'playwright-core';
import { interpolate, type Choice } from '../test/grafana/interpolate.ts';
import { DASHBOARDS, labelValues, type Panel, type Shipped } from '../test/grafana/shipped.ts';
import { durationMs, framesOf, stepsOf, type Answered, type Frame } from './drawing/frames.ts';

const GRAFANA = '11.6.1';
const PACKAGES = {
  '@grafana/data': GRAFANA,
  '@grafana/ui': GRAFANA,
  '@fontsource/inter': '5.3.0',
  react: '18.3.1',
  'react-dom': '18.3.1',
};
const CACHE = join(homedir(), '.cache', `cinder-exporter-drawing-${GRAFANA}`);
const PICTURES = fileURLToPath(new URL('../docs/pictures/', import.meta.url));
const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const NOTE = `drawn with Grafana's components (@grafana/ui ${GRAFANA}), not by Grafana; timelines of states by scripts/drawing`;
const WIDTH = 1440;
const THEMES = ['light', 'dark'] as const;
/** The upper part of these, as high as this in pixels. */
const SHOWN_IN_DOCS: Readonly<Record<string, number>> = { 'cinder-backends': 900, 'cinder-backend': 840 };
/** Long enough for a whole round of the demo. */
const AFTER_MS = Number(process.env['PICTURES_AFTER_MS'] ?? 480_000);

const run = promisify(execFile);

interface Bundle {
  readonly script: string;
  readonly style: string;
}

/** Installs Grafana's packages where they are not yet; returns the bundled script of the page, and its style sheet. */
async function bundled(): Promise<Bundle> {
  await mkdir(CACHE, { recursive: true });
  const done = join(CACHE, 'installed');
  if (!existsSync(done)) {
    process.stderr.write(`Installing Grafana's packages in ${CACHE}\n`);
    await writeFile(join(CACHE, 'package.json'), JSON.stringify({ private: true, dependencies: PACKAGES }));
    const flags = ['--legacy-peer-deps', '--ignore-scripts', '--no-audit', '--no-fund'];
    await run('npm', ['install', ...flags], { cwd: CACHE, maxBuffer: 1e8 });
    await writeFile(done, '');
  }
  // It moves the scroll bars only, and does not stand in a bundle.
  const stub = join(CACHE, 'scrollbars.js');
  await writeFile(stub, 'export const Scrollbars = ({ children }) => children;\nexport default Scrollbars;\n');
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('drawing/page.js', import.meta.url))],
    bundle: true,
    write: false,
    outdir: CACHE,
    format: 'iife',
    define: { global: 'window', 'process.env.NODE_ENV': '"production"' },
    nodePaths: [join(CACHE, 'node_modules')],
    alias: { 'react-custom-scrollbars-2': stub },
    loader: { '.ttf': 'empty' },
    logLevel: 'error',
  });
  const of = (ending: string): string => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '';
  return { script: of('.js'), style: `${of('.css')}\n${await fonts()}` };
}

/** Inter, in which Grafana writes, as a style sheet without addresses. */
async function fonts(): Promise<string> {
  const faces = [400, 500, 600].map(async (weight) => {
    const file = join(CACHE, `node_modules/@fontsource/inter/files/inter-latin-${weight}-normal.woff2`);
    const base64 = (await readFile(file)).toString('base64');
    return `@font-face{font-family:Inter;font-weight:${weight};src:url(data:font/woff2;base64,${base64})}`;
  });
  return (await Promise.all(faces)).join('\n');
}

/** `data` of an answer of Prometheus. Throws with its own words when it refuses. */
async function ask(url: string, path: string, parameters: Readonly<Record<string, string>>): Promise<unknown> {
  const answer = await fetch(`${new URL(`/api/v1/${path}`, url).href}?${new URLSearchParams(parameters).toString()}`);
  const { status, data, error } = (await answer.json()) as { status: string; data: unknown; error?: string };
  if (status !== 'success') throw new Error(`${error}: ${parameters['query'] ?? path}`);
  return data;
}

interface Span {
  readonly url: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** `$__range` is what is drawn, everything else as Grafana puts it in. */
function written(expr: string, dashboard: Shipped, choice: Choice, { fromMs, toMs }: Span): string {
  return interpolate(expr.replaceAll('$__range', `${Math.round((toMs - fromMs) / 1000)}s`), dashboard, choice);
}

/** What Grafana would choose when it opens the dashboard: the first value of a variable without "All", but of the backends one in trouble. */
async function chosen(dashboard: Shipped, span: Span): Promise<Choice> {
  const choice: Record<string, string> = {};
  for (const variable of dashboard.templating.list) {
    const asked = labelValues(variable);
    if (!asked || variable.includeAll) continue;
    const selector = written(asked.selector, dashboard, choice, span);
    const times = { start: `${span.fromMs / 1000}`, end: `${span.toMs / 1000}` };
    const values = (await ask(span.url, `label/${asked.label}/values`, { 'match[]': selector, ...times })) as string[];
    if (variable.name === 'host') {
      const query = 'topk(1, cinder_backend_condition{condition="degraded"} == 1)';
      const { result } = (await ask(span.url, 'query', { query })) as { result: Answered[] };
      const troubled = result[0]?.metric['host'];
      if (troubled !== undefined) values.unshift(troubled);
    }
    if (values[0] !== undefined) choice[variable.name] = values[0];
  }
  return choice;
}

/** The answers to all queries of a panel, as Grafana's data source hands them on. */
async function answered(panel: Panel, dashboard: Shipped, choice: Choice, span: Span): Promise<readonly Frame[]> {
  const { url, fromMs, toMs } = span;
  const targets = panel.targets ?? [];
  const frames = targets.map(async (target) => {
    const query = written(target.expr, dashboard, choice, span);
    const alone = targets.length === 1;
    if (target.instant) {
      const { result } = (await ask(url, 'query', { query, time: `${toMs / 1000}` })) as {
        result: { metric: Answered['metric']; value: [number, string] }[];
      };
      const series = result.map(({ metric, value }) => ({ metric, values: [value] }));
      return framesOf(target, series, alone);
    }
    const steps = stepsOf(fromMs, toMs, (WIDTH * panel.gridPos.w) / 24, panel.interval);
    const { result } = (await ask(url, 'query_range', {
      query,
      start: `${steps.fromMs / 1000}`,
      end: `${steps.toMs / 1000}`,
      step: `${steps.stepMs / 1000}`,
    })) as { result: Answered[] };
    return framesOf(target, result, alone, steps);
  });
  return (await Promise.all(frames)).flat();
}

/** One picture. */
interface Shot {
  readonly dashboard: Shipped;
  readonly theme: (typeof THEMES)[number];
  readonly file: string;
  /** Cut off below this, in pixels. */
  readonly height?: number;
}

async function draw(browser: Browser, bundle: Bundle, shot: Shot, url: string, lastMs: number): Promise<void> {
  const { dashboard, theme, file, height } = shot;
  const toMs = Math.floor(Date.now() / 1000) * 1000;
  const span = { url, toMs, fromMs: toMs - lastMs };
  const own = dashboard.uid === 'cinder-availability' ? { ...span, fromMs: toMs - durationMs('30d') } : span;
  const choice = await chosen(dashboard, own);
  const panels = await Promise.all(
    dashboard.panels.map(async (panel) => ({
      panel: { ...panel, title: panel.title.replaceAll('$host', String(choice['host'])) },
      frames: await answered(panel, dashboard, choice, own),
    })),
  );
  const variables = dashboard.templating.list
    .filter(({ type, hide }) => hide !== 2 && type !== 'constant' && type !== 'datasource')
    .map(({ name, label, current }) => [
      label ?? name,
      choice[name] ?? String(current?.text ?? current?.value ?? 'All'),
    ]);
  const page = await browser.newPage({ viewport: { width: WIDTH, height: height ?? 900 }, colorScheme: theme });
  page.on('pageerror', (error) => process.stderr.write(`${dashboard.uid}: ${String(error)}\n`));
  // Icons are looked for beside Grafana.
  await page.route('**/public/**', async (route) => {
    const path = new URL(route.request().url()).pathname.replace(/^.*\/public\//, '');
    const body = await readFile(join(CACHE, 'node_modules/@grafana/ui/dist/public', path)).catch(() => undefined);
    await (body === undefined ? route.abort() : route.fulfill({ body, contentType: 'image/svg+xml' }));
  });
  await page.route('http://drawing.invalid/', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<!doctype html><meta charset=utf-8><style>${bundle.style}</style><div id=root></div>`,
    }),
  );
  await page.goto('http://drawing.invalid/');
  await page.addScriptTag({ content: bundle.script });
  await page.evaluate(
    // @ts-expect-error: `draw` is the bundled page's.
    (of) => globalThis.draw(of),
    { title: dashboard.title, variables, panels, mode: theme, fromMs: own.fromMs, toMs, note: NOTE, width: WIDTH },
  );
  await page.screenshot({ path: file, fullPage: height === undefined });
  await page.close();
}

/** The demo with its alerts; resolves with the address of its Prometheus when its script has been through a round. */
async function demo(): Promise<{ readonly url: string; readonly stop: () => void }> {
  const child = spawn(process.execPath, [MAIN, 'demo', '--alerts', '--web.listen-address', '127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
      const told = /Prometheus\s+(http:\S+)\/alerts/.exec(said)?.[1];
      if (told) resolve(told);
    });
    child.once('exit', () => reject(new Error('the demo ended')));
  });
  await new Promise((resolve) => {
    setTimeout(resolve, AFTER_MS);
  });
  return { url, stop: () => child.kill('SIGTERM') };
}

const [given, minutes = '15', folder] = process.argv.slice(2);
const bundle = await bundled();
const source = given === undefined ? await demo() : { url: given, stop: () => undefined };
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  await mkdir(folder ?? PICTURES, { recursive: true });
  const shots: readonly Shot[] = DASHBOARDS.flatMap((dashboard) => {
    if (folder !== undefined)
      return THEMES.map((theme) => ({ dashboard, theme, file: join(folder, `${dashboard.uid}-${theme}.png`) }));
    const height = SHOWN_IN_DOCS[dashboard.uid];
    if (height === undefined) return [];
    return [{ dashboard, theme: 'light', file: join(PICTURES, `${dashboard.uid}.png`), height }];
  });
  for (const shot of shots) {
    await draw(browser, bundle, shot, source.url, Number(minutes) * 60_000);
    process.stderr.write(`${shot.file}\n`);
  }
} finally {
  await browser.close();
  source.stop();
}
