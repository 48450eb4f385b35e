import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { BASE_STATS, VOLUME_TYPES } from '../contract/base.ts';
import { startLab } from '../lab/lab.ts';
import { pythonEnvironment } from '../lab/python-environment.ts';

/** A cloud that Tempest is to test: Keystone, and how it is ended. */
interface Target {
  readonly keystone: string;
  end(): Promise<void>;
}

/** What a run of Tempest came to. */
export interface TempestResult {
  readonly passed: number;
  readonly skipped: number;
  readonly failed: number;
  readonly seconds: number;
}

const driver = { vendor_name: 'Lab', driver_version: '1.0.0', storage_protocol: 'iSCSI' };

async function simulated(): Promise<Target> {
  const simulator = await startSimulator({
    release: '29',
    cloud: {
      backends: ['single', 'pools'].map((name) => ({
        host: `lab@${name}`,
        driver: { ...driver, ...(BASE_STATS[name] as Record<string, never>) },
      })),
      schedulers: ['lab'],
      backups: ['lab'],
      volumeTypes: Object.entries(VOLUME_TYPES).map(([name, extraSpecs]) => ({ name, extraSpecs })),
    },
  });
  return { keystone: simulator.authUrl, end: () => simulator.close() };
}

async function real(): Promise<Target> {
  const lab = await startLab({ backends: ['single', 'pools'] });
  return { keystone: `${lab.keystone}/v3`, end: () => lab.down() };
}

async function target(what: string): Promise<Target> {
  if (what === 'simulated') return simulated();
  if (what === 'real') return real();
  return { keystone: what, end: async () => undefined };
}

/** Traps: with Glance off Tempest dies of a fault of its own, without Neutron it skips snapshots, with backups it waits for minutes. */
const configuration = (folder: string, keystone: string): string => `
[DEFAULT]
log_file = ${folder}/tempest.log
[auth]
use_dynamic_credentials = false
test_accounts_file = ${folder}/etc/accounts.yaml
[identity]
auth_version = v3
uri_v3 = ${keystone}
region = RegionOne
[identity-feature-enabled]
api_v2 = false
[oslo_concurrency]
lock_path = ${folder}/lock
[service_available]
cinder = true
glance = true
neutron = true
nova = false
swift = false
horizon = false
[volume]
catalog_type = block-storage
vendor_name = ${driver.vendor_name}
storage_protocol = ${driver.storage_protocol}
build_timeout = 60
build_interval = 1
max_microversion = latest
[volume-feature-enabled]
backup = false
`;

const account = (name: string, project: string, roles: string): string =>
  `- {username: ${name}, password: ${name}-pw, project_name: ${project}, domain_name: Default, roles: [${roles}]}\n`;
const ACCOUNTS = `${account('admin', 'admin', 'admin')}${account('member', 'demo', 'member')}${account('reader', 'demo', 'reader')}`;

/** A list of tests beside this file. */
export function testList(name: 'asked.txt' | 'left-out.txt' | 'not-built.txt'): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}

/** Runs Tempest against `simulated`, `real` or the Keystone at a URL, and hands on what it says. */
export async function runTempest(
  what: string,
  expression: string | undefined,
  say: (text: string) => void,
): Promise<TempestResult> {
  const environment = pythonEnvironment('tempest-47');
  const scratch = mkdtempSync(join(tmpdir(), 'cinder-tempest-'));
  const folder = join(scratch, 'workspace');
  const cloud = await target(what);
  const began = Date.now();
  try {
    const tempest = join(environment, 'bin/tempest');
    execFileSync(tempest, ['init', folder], { env: { ...process.env, HOME: scratch }, stdio: ['ignore', 'ignore', 2] });
    mkdirSync(join(folder, 'lock'));
    writeFileSync(join(folder, 'etc/tempest.conf'), configuration(folder, cloud.keystone));
    writeFileSync(join(folder, 'etc/accounts.yaml'), ACCOUNTS);
    const leftOut = join(folder, 'left-out.txt');
    writeFileSync(leftOut, testList('left-out.txt') + (what === 'simulated' ? testList('not-built.txt') : ''));
    const chosen =
      expression === undefined
        ? ['--include-list', new URL('asked.txt', import.meta.url).pathname]
        : ['--regex', expression];
    const run = spawn(tempest, ['run', '--serial', ...chosen, '--exclude-list', leftOut], {
      cwd: folder,
      env: {
        ...process.env,
        HOME: scratch,
        PATH: `${join(environment, 'bin')}:${process.env['PATH']}`,
        TEMPEST_CONFIG_DIR: join(folder, 'etc'),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    run.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      say(text);
    });
    await new Promise((resolve, reject) => run.once('error', reject).once('close', resolve));
    const count = (word: string): number => Number(new RegExp(`^ - ${word}: (\\d+)$`, 'm').exec(said)?.[1] ?? NaN);
    return {
      passed: count('Passed'),
      skipped: count('Skipped'),
      failed: count('Failed'),
      seconds: Math.round((Date.now() - began) / 1000),
    };
  } finally {
    await cloud.end();
    rmSync(scratch, { recursive: true, force: true });
  }
}
