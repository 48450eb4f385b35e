import { runContract } from './run.ts';
import { startSimulatorCloud } from './simulator.ts';

for (const release of [21, 29] as const)
  runContract(`the simulator as Cinder ${release}`, release, () => startSimulatorCloud(release));
