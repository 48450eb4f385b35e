import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmNode } from './npm-node.ts';
import { tool } from './tool.ts';

/** What a host has besides Debian's smallest set. */
const HOST = ['systemd', 'systemd-sysv', 'dbus', 'ca-certificates', 'curl'];

/**
 * A small Debian 12 in `tree`, as root, and in `node` Node.js of the major version with npm, both from their registries. With SUITE_CACHE
 * in the environment, a folder, Debian is fetched once for all suites.
 */
export function makeDebianTree(tree: string, node: string, major: number): void {
  const cached = join(process.env['SUITE_CACHE'] ?? '', 'debian-12.tar');
  if (process.env['SUITE_CACHE'] && existsSync(cached)) {
    mkdirSync(tree);
    tool(['tar', '--numeric-owner', '-xpf', cached, '-C', tree]);
  } else {
    tool(['debootstrap', '--variant=minbase', `--include=${HOST.join(',')}`, 'bookworm', tree]);
    tool(['chroot', tree, 'apt-get', 'clean']);
    if (process.env['SUITE_CACHE']) tool(['tar', '--numeric-owner', '-cpf', cached, '-C', tree, '.']);
  }
  npmNode(node, `${major}`, { others: ['npm@11'] });
}

/** Turns a Debian tree into what the image `node:...-slim` is: Node.js and npm in /usr/local. npm reaches the registry as it does outside. */
export function addNode(tree: string, node: string): void {
  const local = join(tree, 'usr/local');
  cpSync(join(node, 'node_modules', `node-linux-${process.arch}`, 'bin/node'), join(local, 'bin/node'));
  addNpm(tree, node);
}

/** npm in /usr/local, which reaches the registry as it does outside. */
export function addNpm(tree: string, node: string): void {
  const local = join(tree, 'usr/local');
  const npm = join(local, 'lib/node_modules/npm');
  cpSync(join(node, 'node_modules/npm'), npm, { recursive: true });
  mkdirSync(join(local, 'bin'), { recursive: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(local, 'bin/npm'));
  const registry = tool(['npm', 'config', 'get', 'registry']).trim();
  const settings = [`registry=${registry}`, 'update-notifier=false'];
  const authorities = ['/etc/ssl/certs/ca-certificates.crt', process.env['NODE_EXTRA_CA_CERTS'] ?? ''].findLast(
    existsSync,
  );
  if (authorities) {
    mkdirSync(join(tree, 'etc/ssl/certs'), { recursive: true });
    cpSync(authorities, join(tree, 'etc/ssl/certs/ca-certificates.crt'), { dereference: true });
    settings.push('cafile=/etc/ssl/certs/ca-certificates.crt');
  }
  writeFileSync(join(npm, 'npmrc'), `${settings.join('\n')}\n`);
}

/** Packs Node.js as a Debian package `nodejs`, as NodeSource does, into the file `deb`. */
export function packNodejs(stage: string, node: string, deb: string): void {
  const binary = join(node, 'node_modules', `node-linux-${process.arch}`, 'bin/node');
  const version = tool([binary, '--version']).trim().slice(1);
  mkdirSync(join(stage, 'DEBIAN'), { recursive: true });
  mkdirSync(join(stage, 'usr/bin'), { recursive: true });
  cpSync(binary, join(stage, 'usr/bin/node'));
  const architecture = tool(['dpkg', '--print-architecture']).trim();
  const control = `Package: nodejs\nVersion: ${version}-1\nArchitecture: ${architecture}\nMaintainer: nobody <nobody@example.org>\nDescription: Node.js\n`;
  writeFileSync(join(stage, 'DEBIAN/control'), control);
  tool(['dpkg-deb', '-Znone', '--root-owner-group', '--build', stage, deb]);
}
