import { runContract } from './run.ts';
import { startSimulatorCloud } from './simulator.ts';

runContract('the simulator', 21, startSimulatorCloud);
