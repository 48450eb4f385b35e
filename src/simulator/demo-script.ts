import type { Clock } from './clock.ts';
import type { Faults } from './faults.ts';

/** What happens at which second of a round. */
type Step = readonly [second: number, act: (cloud: Faults) => void];

/** Long enough for stats that stop near the end of a round to become stale (five minutes) in the next one. */
const ROUND_SECONDS = 420;

const VSP = 'controller-3@hitachi-vsp-g400';
const XIV = 'controller-3@ibm-xiv';
const SVC = 'controller-3@svc-stretched';
const ONTAP = 'controller-2@netapp-ontap';
const HPE_3PAR = 'az1-stor-2@3par-8440';
const SOLIDFIRE = 'az2-stor-2@solidfire';
const ETERNUS = 'az2-stor-2@eternus-dx600';
const PURE = 'controller-2@pure-fa01';
const POWERSTORE = 'az2-stor-1@powerstore-dr';
const RBD = 'rbd-cluster@rbd-ssd';

/** One round: what is broken at the start is mended, other things break, and at the end all is as it was. Some array is `down` at every moment. */
const ROUND: readonly Step[] = [
  [15, (cloud) => cloud.setPool(SVC, 'Pool1 site B', { backend_state: 'up' })],
  [25, (cloud) => cloud.setDriver(XIV, { backend_state: 'down' })],
  [35, (cloud) => cloud.setPool(VSP, 'DP-Pool-3', { backend_state: 'up' })],
  [45, (cloud) => cloud.startService('cinder-volume', SOLIDFIRE)],
  [60, (cloud) => cloud.enable(PURE)],
  [75, (cloud) => cloud.stopService('cinder-volume', ONTAP)],
  [90, (cloud) => cloud.setDriver(RBD, { backend_state: 'down' })],
  [100, (cloud) => cloud.thaw(POWERSTORE)],
  [110, (cloud) => cloud.setDriver(ETERNUS, { _fail_stats: null })],
  [125, (cloud) => cloud.startService('cinder-volume', ONTAP)],
  [140, (cloud) => cloud.setDriver(RBD, { backend_state: 'up' })],
  [150, (cloud) => cloud.failover(POWERSTORE, 'powerstore-site-b')],
  [165, (cloud) => cloud.setPool(VSP, 'DP-Pool-3', { backend_state: 'down' })],
  [180, (cloud) => cloud.setDriver(XIV, { backend_state: 'up' })],
  [190, (cloud) => cloud.setDriver(HPE_3PAR, { _fail_stats: null })],
  [200, (cloud) => cloud.setPool(SVC, 'Pool1 site B', { backend_state: 'down' })],
  [215, (cloud) => cloud.failback(POWERSTORE)],
  [230, (cloud) => cloud.disable(PURE, 'CHG-20872: shelf 3 is being replaced')],
  // Both schedulers forget: until its driver speaks again, nobody knows the ETERNUS.
  [240, (cloud) => cloud.setDriver(ETERNUS, { _fail_stats: 'SMI-S timed out' })],
  [245, restartSchedulers],
  // Not before the schedulers have heard it again: what it said last stands, and ages.
  [265, (cloud) => cloud.setDriver(HPE_3PAR, { _fail_stats: 'connection timed out' })],
  [280, (cloud) => cloud.freeze(POWERSTORE)],
  [300, (cloud) => cloud.stopService('cinder-volume', SOLIDFIRE)],
  [330, (cloud) => cloud.setDriver(SVC, { _hang: true })],
  [360, (cloud) => cloud.setDriver(SVC, { _hang: null })],
];

function restartSchedulers(cloud: Faults): void {
  cloud.restartScheduler();
  cloud.askScheduler();
}

/** Plays the demo's script on the demo's cloud, round after round, until the returned function is called. */
export function playDemo(cloud: Faults, clock: Clock): () => void {
  const pending = new Set<() => void>();
  const round = (): void => {
    pending.clear();
    for (const [second, act] of ROUND) pending.add(clock.after(second * 1000, () => act(cloud)));
  };
  round();
  const stop = clock.every(ROUND_SECONDS * 1000, round);
  return () => {
    stop();
    for (const cancel of pending) cancel();
  };
}
