import assert from 'node:assert/strict';

/** A password with all that gets escaped. */
export const PASSWORD = 'planted "pass\\word" \u00e9 % 1';

/** What is found of it however it is escaped. */
export const CORE = 'planted';

/** Throws when the text holds one of the secrets, or the first part of it. */
export function assertHidden(text: string, secrets: readonly string[], where: string): void {
  // A part of a token would do as well.
  for (const secret of secrets) assert.ok(!text.includes(secret.slice(0, 40)), `${where}: ${text.slice(0, 2000)}`);
}
