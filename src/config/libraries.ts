import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** The package `yaml`, loaded when there is a file to read: together with zod it would be a fifth of the start. */
export function yaml(): typeof import('yaml') {
  return require('yaml') as typeof import('yaml');
}

/** The package `node-cron`, loaded when a schedule is a cron expression. */
export function nodeCron(): typeof import('node-cron') {
  return require('node-cron') as typeof import('node-cron');
}
