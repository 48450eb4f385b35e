import { labRelease } from '../lab/release.ts';
import { record } from './record.ts';
import { runTempest } from './tempest.ts';

const USAGE = `Usage: npm run tempest -- simulated|real|URL [regular expression]

Runs those tests of Tempest that test/tempest/asked.txt names, less those of left-out.txt (and, against the simulated
cloud, not-built.txt), or those that the expression finds. UPDATE_DOCS=1 writes the result into docs/tempest.md.

  simulated  against the simulated cloud
  real       against a Keystone and Cinder that are started for it, of the release LAB_RELEASE
  URL        against the Keystone there (with /v3), which has the users of the lab
`;

async function main(): Promise<number> {
  const [what, expression] = process.argv.slice(2);
  if (what === undefined || what.startsWith('-')) {
    process.stdout.write(USAGE);
    return what === '--help' ? 0 : 2;
  }
  const result = await runTempest(what, expression, (text) => process.stdout.write(text));
  const cloud = { simulated: 'the simulated cloud', real: `a real Cinder ${labRelease()}` }[what];
  if (process.env['UPDATE_DOCS'] === '1' && cloud !== undefined && expression === undefined) record(cloud, result);
  return result.passed > 0 && result.failed === 0 ? 0 : 1;
}

process.exitCode = await main();
