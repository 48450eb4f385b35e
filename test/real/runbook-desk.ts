import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Exporter } from '../support/exporter.ts';
import type { Lab } from '../lab/lab.ts';
import type { Prometheus } from './prometheus-process.ts';
import { persistently } from '../lab/sqlite.ts';

const run = promisify(execFile);
const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** The shell of somebody who follows a runbook beside the lab. */
export interface Desk {
  /** A command as the page has it, with something put in for its words in capitals. */
  fill(command: string, words: Readonly<Record<string, string>>): string;
  /** Runs a command and gives what it printed. Throws unless all of it succeeds. */
  run(command: string): Promise<string>;
  close(): Promise<void>;
}

export async function openDesk(lab: Lab, exporter: Exporter, prometheus: Prometheus): Promise<Desk> {
  const folder = await mkdtemp(join(tmpdir(), 'cinder-exporter-desk-'));
  await lab.tools(folder);
  await writeFile(join(folder, 'cinder-exporter'), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`, {
    mode: 0o755,
  });
  const clouds = join(folder, 'clouds.yaml');
  await writeFile(clouds, cloudsYaml(await lab.environment('appcred')));
  const shell = { PATH: `${folder}:${process.env['PATH']}`, HOME: folder, LANG: 'C.UTF-8' };
  const admin = { ...shell, ...(await lab.environment()) };
  const addresses: Readonly<Record<string, string>> = {
    'http://EXPORTER:10776': exporter.url,
    'http://PROMETHEUS:9090': prometheus.url,
    'https://CINDER:8776': lab.cinder,
    'https://KEYSTONE:5000': lab.keystone,
  };
  return {
    fill: (command, words) =>
      command
        .replaceAll(/https?:\/\/[A-Z]+:\d+/g, (address) => addresses[address] ?? address)
        .replaceAll(/(?<![A-Za-z_])[A-Z]+(?![A-Za-z_])/g, (word) => words[word] ?? word),
    run: async (command) => {
      // OS_* variables would be mixed into the entry of clouds.yaml.
      const env = command.includes('--os-cloud') ? { ...shell, OS_CLIENT_CONFIG_FILE: clouds } : admin;
      const options = { env, cwd: folder, timeout: 60_000 };
      const { stdout } = await persistently(() => run('bash', ['-o', 'pipefail', '-c', command], options));
      return stdout;
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

function cloudsYaml(env: Readonly<Record<string, string>>): string {
  return `clouds:
  mycloud:
    auth_type: v3applicationcredential
    region_name: ${env['OS_REGION_NAME']}
    auth:
      auth_url: ${env['OS_AUTH_URL']}
      application_credential_id: ${env['OS_APPLICATION_CREDENTIAL_ID']}
      application_credential_secret: ${env['OS_APPLICATION_CREDENTIAL_SECRET']}
`;
}
