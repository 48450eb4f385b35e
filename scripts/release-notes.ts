import { readFileSync } from 'node:fs';

/** Prints what the changelog says of a version, as the text of a release: `tsx scripts/release-notes.ts VERSION`, or `Unreleased`. Exits 1 when it says nothing. */
const [version = 'Unreleased'] = process.argv.slice(2);
const changelog = readFileSync(new URL('../CHANGELOG.md', import.meta.url), 'utf8');
const section = changelog.split(/^## /m).find((one) => one.split(/\s/, 1)[0] === version);
const text = section?.slice(section.indexOf('\n')).trim();
if (!text) {
  process.stderr.write(`CHANGELOG.md: expected a section "## ${version}" with text, found none\n`);
  process.exitCode = 1;
} else process.stdout.write(`${text}\n`);
