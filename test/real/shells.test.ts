import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tool } from './tool.ts';

/** What the program prints for shells and for `man`, taken by these. */
const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'cinder-shells-'));
after(() => rmSync(folder, { recursive: true }));

const printed = (...args: readonly string[]): string =>
  execFileSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
const SCRIPTS = {
  bash: printed('completion', 'bash'),
  zsh: printed('completion', 'zsh'),
  fish: printed('completion', 'fish'),
};

const bin = join(folder, 'bin');
mkdirSync(bin);
writeFileSync(join(bin, 'cinder-exporter'), `#!/bin/sh\nexec ${process.execPath} ${MAIN} "$@"\n`);
chmodSync(join(bin, 'cinder-exporter'), 0o755);
const files = join(folder, 'files');
mkdirSync(files);
writeFileSync(join(files, 'a file.yaml'), '');
const env = { PATH: `${bin}:${process.env['PATH']}`, HOME: folder, LC_ALL: 'C.UTF-8', TERM: 'dumb' };

/** What a shell offers behind a line, sorted. */
type Offers = (line: string) => readonly string[];

const bash: Offers = (line) => {
  // Readline breaks words at = as well.
  const words = line.split(/ |(=)/).filter((word) => word !== undefined);
  const script = `${SCRIPTS.bash}
    compopt() { :; }
    COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
    _cinder_exporter; [ "\${#COMPREPLY[@]}" = 0 ] || printf '%s\\n' "\${COMPREPLY[@]}"`;
  return tool(['bash', '--norc', '-c', script], { cwd: files, env }).split('\n').filter(Boolean).toSorted();
};

const fish: Offers = (line) => {
  const config = join(folder, '.config/fish/completions');
  mkdirSync(config, { recursive: true });
  writeFileSync(join(config, 'cinder-exporter.fish'), SCRIPTS.fish);
  return tool(['fish', '-c', `complete -C '${line}'`], { cwd: files, env })
    .split('\n')
    .filter(Boolean)
    .map((offer) => offer.replace(/\t.*/, '').replaceAll('\\', ''))
    .toSorted();
};

const zsh: Offers = (line) => {
  const functions = join(folder, 'zfunc');
  mkdirSync(functions, { recursive: true });
  writeFileSync(join(functions, '_cinder-exporter'), SCRIPTS.zsh);
  // A terminal of zsh's own, in which everything that is offered is written down instead of being shown.
  const script = `
    zmodload zsh/zpty
    zpty z "cd '${files}'; zsh -f -i"
    zpty -w z "PROMPT= fpath=('${functions}' \\$fpath); autoload -Uz compinit; compinit -u -D; "
    zpty -w z 'compadd() { builtin compadd -O offered "$@" 2>/dev/null; print -rl -- "$offered[@]" >>${folder}/offered; builtin compadd "$@" }'
    zpty -w z 'bindkey "^I" complete-word; setopt no_list_beep; LISTMAX=10000; print READY'
    zpty -r z line '*READY*READY*'
    zpty -w -n z ${JSON.stringify(line)}$'\\t'
    zpty -w z $'\\x15print D$((1+1))NE'
    zpty -r z line '*D2NE*'
    zpty -d z`;
  writeFileSync(join(folder, 'offered'), '');
  tool(['zsh', '-f', '-c', script], { cwd: files, env });
  const offered = readFileSync(join(folder, 'offered'), 'utf8').replaceAll('\\', '').split('\n').filter(Boolean);
  return [...new Set(offered)].toSorted();
};

const FORMATS = ['checkmk', 'json', 'plugin', 'table'];

for (const [shell, offers] of Object.entries({ bash, zsh, fish })) {
  test(`${shell}: commands, flags, values and files`, () => {
    const offered = (line: string, word: RegExp): readonly string[] =>
      offers(line)
        .map((offer) => offer.replace(/^--output=/, '').replace(/=$/, ''))
        .filter((offer) => word.test(offer));
    assert.deepEqual(offered('cinder-exporter re', /^re/), ['report']);
    assert.deepEqual(offered('cinder-exporter --log.f', /^--/), ['--log.format']);
    assert.deepEqual(offered('cinder-exporter check --wat', /^--/), ['--watch']);
    assert.deepEqual(offered('cinder-exporter check --output ', /./), FORMATS);
    assert.deepEqual(offered('cinder-exporter check --output=', /^\w/), FORMATS);
    assert.deepEqual(offered('cinder-exporter report --output m', /^m/), ['markdown']);
    assert.deepEqual(offered('cinder-exporter completion ', /sh$/), ['bash', 'fish', 'zsh']);
    assert.deepEqual(offered('cinder-exporter check --config.file a', /^a/), ['a file.yaml']);
    assert.deepEqual(offered('cinder-exporter check --prometheus', /^--/), []);
  });
}

test('man: no warning, and every command with its flags', () => {
  const page = join(folder, 'cinder-exporter.1');
  writeFileSync(page, printed('man'));
  assert.equal(tool(['sh', '-c', `exec groff -man -ww -Tutf8 -z ${page} 2>&1`], { env }), '');
  const read = tool(['sh', '-c', `groff -man -Tascii -P-cbou -rLL=200n ${page}`], { env });
  for (const words of [
    'cinder-exporter check [flags] [HOST...]',
    '--web.listen-address address',
    '--prometheus.url url',
    '--alerts',
    "'*@lvm-*'",
  ])
    assert.ok(read.includes(words), words);
});
