import { ALERTS, readText } from '../alerts/shipped.ts';

/** A command that a runbook tells to run, word for word but for its comment. */
export interface Command {
  readonly text: string;
  /** Whether it stands in the text, not in the block that only looks. */
  readonly inline: boolean;
}

/** Programs that runbooks call. Code in the text that begins with one of them is a command. */
export const PROGRAMS = new Set(
  `ceph chronyc cinder cinder-exporter cinder-manage curl date df journalctl kubectl lvs openstack rabbitmq-diagnostics
rabbitmqctl rbd systemctl vgs`.split(/\s+/),
);

export const PAGES: readonly string[] = ALERTS.map(({ alert }) => alert);

export function program(command: string): string {
  return command.split(' ', 1)[0] ?? '';
}

/** All commands of a page, in its order. */
export function commandsOf(page: string): readonly Command[] {
  const text = readText(`docs/runbooks/${page}.md`);
  return [...text.matchAll(/^```sh\n([^]*?)^```$|`([^`\n]+)`/gm)].flatMap(
    ([, block, code = '']): readonly Command[] => {
      if (block === undefined) return PROGRAMS.has(program(code)) ? [{ text: code, inline: true }] : [];
      const lines = block.split('\n').map((line) => line.replace(/(^| +)# .*$/, ''));
      return lines.filter((line) => line !== '').map((line) => ({ text: line, inline: false }));
    },
  );
}

/** The words in capitals that the index of the runbooks explains. */
export function placeholders(): readonly string[] {
  const rows = readText('docs/runbooks/README.md').matchAll(/^\| (`[A-Z]+`(?:, `[A-Z]+`)*) \|/gm);
  return [...rows].flatMap(([, names = '']) => names.replaceAll('`', '').split(', '));
}

/** The words in capitals of a command that stand for something else. */
export function capitals(command: string): readonly string[] {
  const own = new Set(['POST', 'RS']);
  return [...command.matchAll(/(?<![A-Za-z_])[A-Z]{2,}(?![A-Za-z_])/g)]
    .map(([word]) => word)
    .filter((it) => !own.has(it));
}
