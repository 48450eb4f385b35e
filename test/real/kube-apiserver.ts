import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePorts } from '../lab/free-port.ts';
import { waitFor } from '../support/wait-for.ts';
import { startDaemon, type Daemon } from './daemon.ts';

/** What a command printed. */
interface Said {
  readonly stdout: string;
  readonly stderr: string;
}

/** A Kubernetes that has only its API: it takes, checks and keeps objects, and nothing comes of them. */
export interface Cluster {
  /** Runs commands of the shell in `folder` as the cluster's administrator. One that fails fails the test with what it said. */
  readonly run: (commands: string, input?: string) => Said;
  stop(): Promise<void>;
}

/** Starts an etcd and the `kube-apiserver` of the folder `programs`, where kubectl is too, on free ports of the loopback interface. */
export async function startCluster(programs: string, folder: string): Promise<Cluster> {
  const home = mkdtempSync(join(tmpdir(), 'cinder-kubernetes-'));
  const [client, peer, port] = await freePorts(3);
  const etcd = `http://127.0.0.1:${client}`;
  const started: Daemon[] = [];
  const start = (name: string, command: readonly string[]): void =>
    void started.push(startDaemon(join(home, `${name}.log`), command));
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((one) => one.stop()));
    rmSync(home, { recursive: true, force: true });
  };
  const env = {
    ...process.env,
    PATH: `${programs}:${process.env['PATH']}`,
    // kubectl and Helm keep there what a server can do.
    HOME: home,
    KUBECONFIG: administrator(home, `https://127.0.0.1:${port}`),
  };
  const run = (commands: string, input = ''): Said => {
    const { status, stdout, stderr } = spawnSync('sh', ['-euc', commands], {
      cwd: folder,
      env,
      input,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    assert.equal(status, 0, `${commands}\n${stdout}\n${stderr}`);
    return { stdout, stderr };
  };
  try {
    start('etcd', [
      'etcd',
      `--data-dir=${join(home, 'etcd')}`,
      `--listen-client-urls=${etcd}`,
      `--advertise-client-urls=${etcd}`,
      `--listen-peer-urls=http://127.0.0.1:${peer}`,
      `--log-level=warn`,
    ]);
    start('kube-apiserver', [join(programs, 'kube-apiserver'), `--etcd-servers=${etcd}`, ...serverFlags(home, port)]);
    await waitFor(
      'the API is ready',
      () => {
        assert.ok(
          started.every((one) => one.running()),
          'a server has ended',
        );
        return run('kubectl get --raw=/readyz').stdout === 'ok' || undefined;
      },
      60_000,
    );
    return { run, stop };
  } catch (error) {
    const logs = started.map((one) => one.log()).join('\n');
    await stop();
    throw new Error(`${String(error)}\n${logs}`, { cause: error });
  }
}

/** Writes the access of an administrator; gives the file. */
function administrator(home: string, server: string): string {
  const file = join(home, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'here', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'admin', user: { token: 'administrator' } }],
    contexts: [{ name: 'here', context: { cluster: 'here', user: 'admin' } }],
    'current-context': 'here',
  };
  writeFileSync(file, stringify(config));
  return file;
}

function serverFlags(home: string, port: number | undefined): string[] {
  const key = join(home, 'service-account.pem');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const tokens = join(home, 'tokens.csv');
  writeFileSync(tokens, 'administrator,admin,admin,system:masters\n');
  const certificates = join(home, 'certificates');
  mkdirSync(certificates);
  return [
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--cert-dir=${certificates}`,
    `--token-auth-file=${tokens}`,
    '--authorization-mode=RBAC',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
    // It waits for an account that a controller would make.
    '--disable-admission-plugins=ServiceAccount',
  ];
}
