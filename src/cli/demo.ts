import { realClock } from '../simulator/clock.ts';
import { DEMO_SETTINGS } from '../simulator/demo-cloud.ts';
import { playDemo } from '../simulator/demo-script.ts';
import { startSimulator } from '../simulator/simulator.ts';
import { FLAGS, FlagError, parseFlags } from './flags.ts';
import { help } from './help.ts';
import { load, serve, type Loaded, type Serving } from './serve.ts';
import type { Surroundings } from './targets.ts';
import { logOf, toldToStop, untilTold } from './until-told.ts';

const USAGE = `Usage: cinder-exporter demo [flags]

Serves a simulated cloud in which faults come and go, so that every condition of a backend can be seen.

Flags:
`;

/** Often enough that a person sees each fault of the script come and go. */
const DEMO_INTERVAL_MS = 3000;

/** The simulated cloud and the exporter together, until told to stop. Takes the flags of serving. */
export async function demo(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { values, positionals } = parseFlags(args, FLAGS);
  if (positionals.length > 0) throw new FlagError(`unexpected argument ${JSON.stringify(positionals[0])}`);
  if (values.help) {
    process.stdout.write(help(FLAGS, USAGE));
    return 0;
  }
  const told = toldToStop();
  const clock = realClock();
  const simulator = await startSimulator({ clock, settings: DEMO_SETTINGS });
  const stopScript = playDemo(simulator.cloud, clock);
  try {
    const log = logOf(values);
    const env = { ...simulator.environment() };
    const serving = await serve(values, async () => often(await load(values, { ...surroundings, env })), log);
    process.stdout.write(greeting(serving, values['web.telemetry-path'], simulator.url));
    return await untilTold(serving, told, log);
  } finally {
    stopScript();
    await simulator.close();
  }
}

function often({ config, targets }: Loaded): Loaded {
  const quick = targets.map((target) => ({
    ...target,
    config: {
      ...target.config,
      name: 'demo',
      schedule: { kind: 'interval' as const, everyMs: DEMO_INTERVAL_MS },
      maxRandomDelayMs: 0,
      staleAfterMs: 60_000,
    },
  }));
  return { config, targets: quick };
}

function greeting({ addresses, tls }: Serving, telemetryPath: string, simulatorUrl: string): string {
  const [address = ''] = addresses;
  const url = `${tls ? 'https' : 'http'}://${address.replace(/^(\[::\]|0\.0\.0\.0):/, 'localhost:')}`;
  return `
A simulated cloud is running at ${simulatorUrl}, and its faults come and go in rounds of seven minutes.

  Status page   ${url}/
  Metrics       ${url}${telemetryPath}
  Backends      ${url}/api/v1/backends

Press Ctrl-C to stop.

`;
}
