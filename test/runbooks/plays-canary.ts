import { NOTHING } from './play.ts';
import type { Play } from './play.ts';

/** No canary is configured beside the real Cinder of this suite: its series are not there, and there are no left-overs. */
const SERIES = "curl -s http://EXPORTER:10776/metrics | grep '^cinder_canary_'";

/** The pages of the section "Canary". */
export const CANARY: Readonly<Record<string, Play>> = {
  CinderCanaryFailing: {
    words: { HOST: 'lab@single', REASON: 'the canary fails' },
    shows: {
      [SERIES]: /^/,
      'openstack volume list --all-projects --status error --long': /^/,
      'openstack volume service set --disable --disable-reason "REASON" HOST cinder-volume': NOTHING,
    },
  },
  CinderCanarySlow: {
    words: {},
    shows: {
      "curl -s http://EXPORTER:10776/metrics | grep '^cinder_canary_duration_seconds'": /^/,
      'openstack volume list --all-projects --status creating --long': /^/,
    },
  },
  CinderCanaryLeaking: {
    words: { VOLUME: 'large' },
    shows: {
      "curl -s http://EXPORTER:10776/metrics | grep '^cinder_canary_leaked_volumes'": /^/,
      'openstack volume list --all-projects --name cinder-exporter-canary': /^/,
    },
  },
  CinderCanaryNotRunning: { words: {}, shows: { [SERIES]: /^/ } },
};
