import { test } from 'node:test';
import { ALL_FAULTS, STRUCK, canStrike } from '../faults/all-faults.ts';
import { play } from '../faults/play.ts';

for (const struck of STRUCK) {
  for (const fault of ALL_FAULTS.filter((one) => canStrike(struck, one))) {
    test(`${struck}: ${fault.name}`, () => play(struck, fault));
  }
}
