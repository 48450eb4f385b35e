import { quoted } from '../config/tree.ts';
import { VERSION } from '../version.ts';
import { ACCESS_RULES_FLAGS, ACCESS_RULES_USAGE } from './access-rules.ts';
import { CANARY_FLAGS, CANARY_USAGE } from './canary.ts';
import { CHECK_FLAGS, CHECK_USAGE } from './check.ts';
import { DEMO_FLAGS, DEMO_USAGE } from './demo.ts';
import { COMMANDS, type Flag, FlagError, FLAGS, help, parseFlags, USAGE, written } from './flags.ts';
import { HEALTHCHECK_USAGE } from './healthcheck.ts';
import { REPORT_FLAGS, REPORT_USAGE } from './report.ts';
import { RULES_FLAGS, RULES_USAGE } from './rules.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

const HELP_FLAG = [{ name: 'help', type: 'boolean', help: 'Print this help and exit.' }] as const;

const COMPLETION_USAGE = `Usage: cinder-exporter completion bash | zsh | fish

Prints what makes a shell complete the commands and flags. The Debian package has it installed.
  bash   eval "$(cinder-exporter completion bash)"
  zsh    cinder-exporter completion zsh > ~/.zfunc/_cinder-exporter, with ~/.zfunc in $fpath
  fish   cinder-exporter completion fish > ~/.config/fish/completions/cinder-exporter.fish

Flags:
`;

const MAN_USAGE = `Usage: cinder-exporter man > cinder-exporter.1

Prints the manual page. The Debian package has it installed.

Flags:
`;

/** What each command takes, from where its help comes: its usage, its flags, and words that may stand behind it. */
interface Manual {
  readonly usage: string;
  readonly flags: readonly Flag[];
  readonly words?: readonly string[];
}

const MANUALS: Readonly<Record<(typeof COMMANDS)[number]['name'], Manual>> = {
  serve: { usage: USAGE, flags: FLAGS },
  check: { usage: CHECK_USAGE, flags: CHECK_FLAGS },
  demo: { usage: DEMO_USAGE, flags: DEMO_FLAGS },
  rules: { usage: RULES_USAGE, flags: RULES_FLAGS },
  report: { usage: REPORT_USAGE, flags: REPORT_FLAGS },
  canary: { usage: CANARY_USAGE, flags: CANARY_FLAGS },
  'access-rules': { usage: ACCESS_RULES_USAGE, flags: ACCESS_RULES_FLAGS },
  healthcheck: { usage: HEALTHCHECK_USAGE, flags: FLAGS },
  completion: { usage: COMPLETION_USAGE, flags: HELP_FLAG, words: SHELLS },
  man: { usage: MAN_USAGE, flags: HELP_FLAG },
  help: { usage: '', flags: [], words: COMMANDS.map(({ name }) => name).filter((name) => name !== 'help') },
};

/** Prints the completion of a shell. */
export async function completion(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags(args, HELP_FLAG);
  const [shell, ...more] = positionals;
  if (values.help) process.stdout.write(help(HELP_FLAG, COMPLETION_USAGE));
  else if (!isShell(shell) || more.length > 0)
    throw new FlagError(`completion: expected ${SHELLS.join(', ')}, got ${quoted(positionals.join(' '))}`);
  else await written(COMPLETIONS[shell]());
  return 0;
}

/** Prints the manual page, as roff. */
export async function man(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags(args, HELP_FLAG);
  if (positionals.length > 0) throw new FlagError(`unexpected argument ${quoted(positionals[0] ?? '')}`);
  if (values.help) process.stdout.write(help(HELP_FLAG, MAN_USAGE));
  else await written(manPage());
  return 0;
}

function isShell(word: string | undefined): word is Shell {
  return SHELLS.some((shell) => shell === word);
}

const COMPLETIONS: Readonly<Record<Shell, () => string>> = { bash, zsh, fish };

const takesFile = ({ value }: Flag): boolean => value === '<file>';
const isSwitch = ({ type }: Flag): boolean => type === 'boolean';

/** For a shell, between single quotes. */
function single(text: string, quote = String.raw`'\''`): string {
  return `'${text.replaceAll("'", quote)}'`;
}

/** Without COMMAND the flags of `serve` are meant. `--flag=value` is three words for bash. */
function bash(): string {
  const commands = Object.entries(MANUALS);
  const values = commands.flatMap(([name, { flags }]) =>
    flags
      .filter((flag) => !isSwitch(flag))
      .map((flag) => {
        const answer = takesFile(flag) ? 'compopt -o filenames; words=$(compgen -f -- "$cur")' : '';
        const words = flag.choices === undefined ? answer : `words=${single(flag.choices.join('\n'))}`;
        return `    ${single(`${name} --${flag.name}`)}) ${words} ;;\n`;
      }),
  );
  const words = commands.map(
    ([name, { flags, words: more = [] }]) =>
      `        ${name}) words=${single([...more, ...flags.map((flag) => `--${flag.name}`)].join('\n'))} ;;\n`,
  );
  return `# bash completion for cinder-exporter
_cinder_exporter() {
  local IFS=$'\n' cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command=serve words=
  if [ "$cur" = = ]; then cur=; elif [ "$prev" = = ]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  if [ "$COMP_CWORD" -gt 1 ]; then
    case \${COMP_WORDS[1]} in ${commands.map(([name]) => name).join(' | ')}) command=\${COMP_WORDS[1]} ;; esac
  fi
  case "$command $prev" in
${values.join('')}    *)
      case $command in
${words.join('')}      esac
      [ "$COMP_CWORD" -gt 1 ] || words+=$'\n'${single(commands.map(([name]) => name).join('\n'))}
      ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _cinder_exporter cinder-exporter
`;
}

function zsh(): string {
  const told = (text: string): string => text.replaceAll(/[[\]\\:]/g, String.raw`\$&`);
  const specification = (flag: Flag): string => {
    const name = `${flag.multiple ? '*' : ''}--${flag.name}${isSwitch(flag) ? '' : '='}[${told(flag.help)}]`;
    if (isSwitch(flag)) return single(name);
    const values = flag.choices === undefined ? (takesFile(flag) ? '_files' : ' ') : `(${flag.choices.join(' ')})`;
    return single(`${name}:${told((flag.value ?? '').replaceAll(/[<>]/g, ''))}:${values}`);
  };
  const argumentsOf = ({ flags, words = [] }: Manual, more: readonly string[]): string =>
    [
      '_arguments -S',
      ...flags.map(specification),
      ...words.slice(0, 1).map(() => single(`1: :(${words.join(' ')})`)),
      ...more,
    ].join(' \\\n        ');
  const cases = Object.entries(MANUALS)
    .filter(([name]) => name !== 'serve')
    .map(
      ([name, manual]) =>
        `      ${name})\n        ${argumentsOf(manual, name === 'check' ? [single('*:host: ')] : [])}\n        ;;\n`,
    );
  const described = COMMANDS.map(({ name, does }) => single(`${name}:${told(does)}`)).join(' ');
  return `#compdef cinder-exporter
_cinder-exporter() {
  local -a commands
  commands=(${described})
  if (( CURRENT == 2 )); then _describe command commands; fi
  if (( CURRENT > 2 )) && (( \${commands[(I)\${words[2]}:*]} )); then
    local command=\${words[2]}
    shift words
    (( CURRENT-- ))
    case $command in
${cases.join('')}      serve)
        ${argumentsOf(MANUALS.serve, [])}
        ;;
    esac
    return
  fi
  ${argumentsOf(MANUALS.serve, []).replaceAll('\n      ', '\n')}
}
if [ "$funcstack[1]" = _cinder-exporter ]; then _cinder-exporter "$@"; else compdef _cinder-exporter cinder-exporter; fi
`;
}

function fish(): string {
  const quoted = (text: string): string => single(text.replaceAll('\\', String.raw`\\`), String.raw`\'`);
  const named = COMMANDS.map(({ name }) => name).join(' ');
  const lines = Object.entries(MANUALS).flatMap(([name, { flags, words = [] }]) => {
    const when =
      name === 'serve'
        ? `not __fish_seen_subcommand_from ${named.replace('serve ', '')}`
        : `__fish_seen_subcommand_from ${name}`;
    const command = `complete -c cinder-exporter -n ${quoted(when)}`;
    const ofFlags = flags.map((flag) => {
      const takes = isSwitch(flag) ? '' : takesFile(flag) ? ' -r -F' : ' -x';
      const choices = flag.choices === undefined ? '' : ` -a ${quoted(flag.choices.join(' '))}`;
      return `${command} -l ${flag.name}${takes}${choices} -d ${quoted(flag.help)}\n`;
    });
    return [...ofFlags, ...(words.length > 0 ? [`${command} -a ${quoted(words.join(' '))}\n`] : [])];
  });
  const commands = COMMANDS.map(
    ({ name, does }) =>
      `complete -c cinder-exporter -n ${quoted(`not __fish_seen_subcommand_from ${named}`)} -a ${name} -d ${quoted(does)}\n`,
  );
  return `# fish completion for cinder-exporter\ncomplete -c cinder-exporter -f\n${commands.join('')}${lines.join('')}`;
}

/** Source: man-pages(7), groff_man(7). */
function manPage(): string {
  // A dot or an apostrophe at the beginning of a line would be a request.
  const roff = (text: string): string =>
    text
      .replaceAll('\\', String.raw`\e`)
      .replaceAll('-', String.raw`\-`)
      .replaceAll(/^(?=[.'])/gm, String.raw`\&`);
  const flagLines = (flags: readonly Flag[]): string =>
    flags
      .map(
        ({ name, value = '', help, default: byDefault }) =>
          `.TP\n\\fB${roff(`--${name}`)}\\fR${value === '' ? '' : ` \\fI${roff(value.replaceAll(/[<>]/g, ''))}\\fR`}\n${roff(help)}${byDefault === undefined ? '' : roff(` Default: ${byDefault}`)}\n`,
      )
      .join('');
  const sections = COMMANDS.map(({ name, takes, does }) => {
    const { usage, flags } = MANUALS[name];
    const own = flags.filter((flag) => name === 'serve' || !FLAGS.includes(flag as (typeof FLAGS)[number]));
    const text =
      name === 'serve'
        ? ''
        : usage
            .replace(/\nFlags:\n$/, '')
            .replace(/^Usage: .*\n/, '')
            .trim();
    const same = name !== 'serve' && own.length < flags.length && flags.length > FLAGS.length;
    return `.SS ${roff(`${name} ${takes}`.trim())}\n${roff(`${does[0]?.toUpperCase()}${does.slice(1)}.`)}\n${text === '' ? '' : `.PP\n.nf\n${roff(text)}\n.fi\n`}${same ? '.PP\nAll flags of serve, and:\n' : ''}${flagLines(same ? own : flags)}`;
  });
  return `.TH CINDER\\-EXPORTER 1 "" "cinder\\-exporter ${VERSION}" "User Commands"
.SH NAME
cinder\\-exporter \\- Prometheus exporter for OpenStack Cinder storage backends
.SH SYNOPSIS
${COMMANDS.map(({ name, takes }) => `.B cinder\\-exporter\n${roff(`${name === 'serve' ? '' : `${name} `}${takes}`)}\n.br\n`).join('')}.SH DESCRIPTION
Exports the state, the condition and the capacity of every storage backend that a Cinder manages.
The cloud is found as the openstack command finds it: OS_CLOUD with clouds.yaml, or the OS_* variables.
.SH COMMANDS
${sections.join('')}.SH EXIT STATUS
0: it worked, or the process was told to stop. 1: the command line or the configuration cannot be used; the message says why.
Of check: 0 ok, 1 warning, 2 critical, 3 unknown.
.SH FILES
.TP
.I /etc/default/cinder\\-exporter
Flags and OS_CLOUD of the service.
.TP
.I /usr/share/cinder\\-exporter
Alert rules, dashboards, and what other monitoring takes.
.SH SEE ALSO
https://github.com/cinder\\-exporter/cinder\\-exporter
`;
}
