import type { Flag } from './flags.ts';

const COMMANDS = `Usage:
  cinder-exporter [flags]                    serve the metrics of the configured cloud or clouds
  cinder-exporter check [flags] [HOST...]    refresh once, print a table, exit 0 ok, 1 warning, 2 critical, 3 unknown
  cinder-exporter demo [flags]               serve a simulated cloud in which faults come and go
  cinder-exporter rules [flags]              print the alert rules, with other thresholds if wanted
  cinder-exporter access-rules [flags]       print the access rules of an application credential that may only read

How to reach a cloud is OpenStack's own configuration: OS_CLOUD with clouds.yaml, or the OS_* variables.

Flags:
`;

/** The text of the --help flag. */
export function help(flags: readonly Flag[], usage = COMMANDS): string {
  const names = flags.map((flag) => `  --${flag.name}${flag.value ? ` ${flag.value}` : ''}`);
  const width = Math.max(...names.map((name) => name.length)) + 2;
  const lines = flags.map(
    (flag, i) =>
      `${names[i]?.padEnd(width)}${flag.help}${flag.default === undefined ? '' : ` (default ${flag.default})`}`,
  );
  return `${usage}${lines.join('\n')}\n`;
}
