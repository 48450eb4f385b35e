import { serviceIsDown, setPassword } from './e2e-cinder.ts';
import type { Fault, Story } from './e2e-fault.ts';
import type { Site } from './e2e-site.ts';

const services = ['CinderVolumeServiceDown lab@single', 'CinderVolumeServiceDown lab@nas'];

/** What happens to the control plane. The lab has `single` and `nas`; the exporter logs in as `monitor`. */
export const CONTROL_FAULTS: readonly Fault[] = [
  {
    name: 'RabbitMQ stopped',
    breaks: (lab) => lab.stop('rabbitmq'),
    mends: (lab) => lab.start('rabbitmq'),
    hosts: [],
    expected: { pages: ['CinderSchedulerNotAnswering'] },
  },
  {
    name: 'the scheduler stopped',
    breaks: (lab) => lab.stop('cinder-scheduler'),
    mends: (lab) => lab.start('cinder-scheduler'),
    shows: serviceIsDown('lab', 'cinder-scheduler'),
    hosts: [],
    expected: { pages: ['CinderSchedulerDown'] },
  },
  {
    name: 'the password changed',
    breaks: (lab) => setPassword(lab, 'monitor', 'another-pw'),
    mends: (lab) => setPassword(lab, 'monitor', 'monitor-pw'),
    hosts: [],
    expected: { pages: ['CinderExporterAuthFailing'] },
  },
  {
    name: 'the Cinder API stopped',
    breaks: (lab) => lab.stop('cinder-api'),
    mends: (lab) => lab.start('cinder-api'),
    hosts: [],
    withoutApi: true,
    expected: { pages: ['CinderAPIUnreachable'] },
  },
  {
    name: 'all cinder-volume stopped',
    // Not stopped one after the other: that takes seconds, which are minutes at this pace.
    breaks: (lab) => lab.kill('volume-single', 'volume-nas'),
    mends: (lab) => lab.start('volume-single', 'volume-nas'),
    shows: serviceIsDown('lab@nas'),
    hosts: ['lab@single', 'lab@nas'],
    expected: { pages: ['CinderAllBackendsDown'], muted: [...services, 'CinderVolumeHostDown lab'] },
    mending: services,
  },
];

const single = 'CinderBackendDown lab@single';

export const CONTROL_STORIES: readonly Story[] = [
  {
    name: 'the scheduler restarted: nothing',
    async play({ lab }, seen) {
      await lab.restart('cinder-scheduler');
      await seen.becomes({});
      await seen.stays(30_000);
    },
    mends: ({ lab }) => lab.start('cinder-scheduler'),
  },
  {
    name: 'Keystone stopped, and the exporter restarted meanwhile: one page',
    async play(site, seen) {
      await site.lab.stop('keystone');
      await seen.becomes({ pages: ['CinderAPIUnreachable'] });
      await site.stopExporter();
      await site.startExporter();
      await seen.stays();
      await site.lab.start('keystone');
    },
    mends: ({ lab }) => lab.start('keystone'),
  },
  {
    name: 'the exporter ends while a backend is down: that page stands, and is not sent again',
    async play(site, seen) {
      await site.lab.backend('single', { backend_state: 'down' });
      await seen.becomes({ pages: [single] });
      await site.stopExporter();
      await seen.becomes({ pages: [single, 'CinderExporterDown'] });
      await seen.stays();
      await site.startExporter();
      await seen.becomes({ pages: [single] });
      await seen.stays();
      await site.lab.backend('single', { backend_state: 'up' });
    },
    mends: async (site) => {
      await mendSingle(site);
      await site.stopExporter();
      await site.startExporter();
    },
  },
  {
    name: 'a backend is down, and later the scheduler stops: two pages, each once',
    async play(site, seen) {
      await site.lab.backend('single', { backend_state: 'down' });
      await seen.becomes({ pages: [single] });
      await site.lab.stop('cinder-scheduler');
      await seen.becomes({ pages: [single, 'CinderSchedulerDown'] });
      await seen.stays();
      await site.lab.start('cinder-scheduler');
      await seen.becomes({ pages: [single] });
      await seen.stays();
      await site.lab.backend('single', { backend_state: 'up' });
    },
    mends: async (site) => {
      await mendSingle(site);
      await site.lab.start('cinder-scheduler');
    },
  },
];

function mendSingle({ lab }: Site): Promise<void> {
  return lab.backend('single', { backend_state: 'up' });
}
