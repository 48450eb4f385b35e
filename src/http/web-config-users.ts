import { Secret } from '../config/secret.ts';
import { problem } from '../config/problems.ts';
import type { Problem } from '../config/problems.ts';
import { openSection } from './web-config-section.ts';
import type { SectionTree } from './web-config-section.ts';

const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const LEAST_COST = 4;
/** One comparison at this cost takes seconds; at 31 it would take days. */
const MOST_COST = 16;

/** `basic_auth_users`: name -> bcrypt hash. Problems never show what is written there: it may be the password. */
export function readUsers({ tree, keyAt, key }: SectionTree, problems: Problem[]): ReadonlyMap<string, Secret> {
  const section = openSection(tree, keyAt, [key], undefined, problems);
  section.refuseEmpty();
  const users = new Map<string, Secret>();
  for (const name of section.keys) {
    if (name.includes(':'))
      problems.push(problem(section.keyAt(name), [key, name], 'a user name without ":"', 'one that cannot be sent'));
    const before = problems.length;
    const hash = section.text(name, 'a bcrypt hash') ?? '';
    const wrong = problems.length > before ? undefined : hashProblem(hash);
    if (wrong) section.refuse(name, wrong.expected, wrong.got);
    users.set(name, new Secret(hash));
  }
  return users;
}

function hashProblem(hash: string): { readonly expected: string; readonly got: string } | undefined {
  const expected = 'a bcrypt hash ($2a$, $2b$ or $2y$, 60 characters)';
  if (hash === '') return { expected, got: 'nothing' };
  const cost = Number(BCRYPT.exec(hash)?.[1] ?? Number.NaN);
  if (Number.isNaN(cost)) return { expected, got: hash.startsWith('$2') ? 'a damaged one' : 'something else' };
  if (cost >= LEAST_COST && cost <= MOST_COST) return undefined;
  return { expected: `a bcrypt hash of cost ${LEAST_COST} to ${MOST_COST}`, got: `cost ${cost}` };
}
