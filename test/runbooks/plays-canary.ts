import type { Play } from './play.ts';

/** The pages of the section "Canary". None is configured beside the real Cinder of this suite, so that its series are not there. */
export const CANARY: Readonly<Record<string, Play>> = {
  CinderCanaryFailing: {
    words: { HOST: 'lab@single', REASON: 'the canary fails' },
    shows: { 'openstack volume list --all-projects --status error --long': /^/ },
  },
  CinderCanarySlow: {
    words: {},
    shows: { 'openstack volume list --all-projects --status creating --long': /^/ },
  },
  CinderCanaryLeaking: {
    words: { VOLUME: 'large', SNAPSHOT: 'none' },
    shows: { 'openstack volume list --all-projects --name cinder-exporter-canary': /^/ },
  },
  CinderCanaryNotRunning: { words: {}, shows: {} },
};
