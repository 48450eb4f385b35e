import { after, before, describe } from 'node:test';
import { startExporter } from '../support/exporter.ts';
import type { Exporter } from '../support/exporter.ts';
import { startLab } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { labRelease } from '../lab/release.ts';
import { access } from './access.ts';
import { backendConditions } from './backend-conditions.ts';
import { outages } from './outages.ts';
import { rows } from './rows.ts';
import { volumeTypes } from './volume-types.ts';
import { CONFIG } from './watched.ts';
import { wire } from './wire.ts';

describe(`the exporter beside a real Keystone and Cinder ${labRelease()}`, () => {
  let lab: Lab | undefined;
  let exporter: Exporter | undefined;
  before(async () => {
    lab = await startLab({ backends: ['single', 'pools', 'silent', 'clustered', 'clustered-b'] });
    exporter = await startExporter({ environment: await lab.environment(), config: CONFIG });
  });
  after(async () => {
    await exporter?.stop();
    await lab?.down();
  });
  const theLab = (): Lab => started(lab);
  const theExporter = (): Exporter => started(exporter);
  backendConditions(theLab, theExporter);
  rows(theLab, theExporter);
  volumeTypes(theLab);
  wire(theLab);
  access(theLab);
  outages(theLab);
});

function started<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error('the lab did not start');
  return thing;
}
