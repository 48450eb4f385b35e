import { type CanaryOptions, createCanary } from '../canary/canary.ts';
import { quoted } from '../config/tree.ts';
import type { CloudAccess } from '../openstack/access.ts';
import { loadAccess } from '../openstack/clouds/clouds.ts';
import { realClock } from '../simulator/clock.ts';
import { DEMO_CANARY, DEMO_SETTINGS, runDemo } from '../simulator/demo.ts';
import { startSimulator } from '../simulator/simulator.ts';
import { type Alerting, findAlertPrograms, startAlerting } from './demo-alerts.ts';
import { type Flag, FlagError, FLAGS, help, parseFlags } from './flags.ts';
import { load, type Loaded, logOf, serve, type Serving, untilTold } from './serve.ts';
import type { Signals } from './signals.ts';
import type { Surroundings } from './targets.ts';

/** Before its flags in its help. */
export const DEMO_USAGE = `Usage: cinder-exporter demo [flags]

Serves a simulated cloud in which faults come and go, so that every condition of a backend can be seen.

Flags:
`;

export const DEMO_FLAGS = [
  ...FLAGS,
  {
    name: 'alerts',
    type: 'boolean',
    help: 'Start Prometheus and Alertmanager, which must be on PATH, with the shipped alerts beside it.',
  },
] as const satisfies readonly Flag[];

/** Often enough that a person sees each fault of the script come and go. */
const DEMO_INTERVAL_MS = 3000;

/** The simulated cloud and the exporter together, until told to stop. Takes the flags of serving, and `--alerts`. */
export async function demo(args: readonly string[], surroundings: Surroundings, signals: Signals): Promise<number> {
  const { values, positionals } = parseFlags(args, DEMO_FLAGS);
  if (positionals.length > 0) throw new FlagError(`unexpected argument ${quoted(positionals[0] ?? '')}`);
  if (values.help) {
    process.stdout.write(help(DEMO_FLAGS, DEMO_USAGE));
    return 0;
  }
  if (values.alerts && values['web.config.file'] !== undefined) {
    throw new FlagError('--alerts: not together with --web.config.file, Prometheus would not be let in');
  }
  const programs = values.alerts ? findAlertPrograms(surroundings.env['PATH']) : undefined;
  const clock = realClock();
  const simulator = await startSimulator({ clock, settings: DEMO_SETTINGS });
  const stopScript = runDemo(simulator.cloud, clock);
  let alerting: Alerting | undefined;
  try {
    const log = logOf(values);
    const at = (who?: 'canary'): Surroundings => ({ ...surroundings, env: simulator.environment(who) });
    const canaryAccess = loadAccess(at('canary'));
    const loadAnew = async (): Promise<Loaded> => often(await load(values, at()), canaryAccess);
    const serving = await serve(values, loadAnew, log);
    const path = values['web.telemetry-path'];
    const target = { address: (serving.addresses[0] ?? '').replace(ANY_ADDRESS, '127.0.0.1:'), path };
    alerting = programs && (await startAlerting(programs, target, (line) => process.stdout.write(line)));
    process.stdout.write(greeting(serving, path, simulator.url, alerting));
    return await untilTold(serving, signals, log);
  } finally {
    await alerting?.stop();
    stopScript();
    await simulator.close();
  }
}

/** No other exporter is there that would have to see the volume. */
const CANARY_PACE = { gapMs: 5000, spreadMs: 0, holdMs: 0 };

function often({ config, targets }: Loaded, canaryAccess: CloudAccess): Loaded {
  const quick = targets.map((target) => ({
    ...target,
    canaryAccess,
    createCanary: (options: CanaryOptions) => createCanary({ ...options, pace: CANARY_PACE }),
    config: {
      ...target.config,
      name: 'demo',
      schedule: { kind: 'interval' as const, everyMs: DEMO_INTERVAL_MS },
      maxRandomDelayMs: 0,
      staleAfterMs: 60_000,
      volumeTypesEveryMs: 60_000,
      collectors: { ...target.config.collectors, operations: true },
      canary: DEMO_CANARY,
    },
  }));
  return { config, targets: quick };
}

/** Where the exporter listens when it listens everywhere. */
const ANY_ADDRESS = /^(\[::\]|0\.0\.0\.0):/;

function greeting(
  { addresses, tls }: Serving,
  telemetryPath: string,
  simulatorUrl: string,
  alerting: Alerting | undefined,
): string {
  const [address = ''] = addresses;
  const url = `${tls ? 'https' : 'http'}://${address.replace(ANY_ADDRESS, 'localhost:')}`;
  const alerts = alerting
    ? `  Prometheus    ${alerting.prometheusUrl}/alerts
  Alertmanager  ${alerting.alertmanagerUrl}/

The alerts are the shipped ones, ten times as fast. Pages and tickets are printed here; the first comes within a minute.
`
    : '';
  return `
A simulated cloud is running at ${simulatorUrl}, and its faults come and go in rounds of seven minutes.

  Status page   ${url}/
  Metrics       ${url}${telemetryPath}
  Backends      ${url}/api/v1/backends
${alerts}
Press Ctrl-C to stop.

`;
}
