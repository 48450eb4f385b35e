import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const FIXTURES = fileURLToPath(new URL('../fixtures/tls/', import.meta.url));

/** A folder of its own for a test, with the certificates in it. */
export interface WebFolder {
  readonly path: string;
  /** Writes a file into it and answers its whole name. */
  readonly write: (name: string, text: string) => string;
  /** Copies one of its files over another. */
  readonly copy: (from: string, to: string) => void;
}

export function webFolder(t: Pick<TestContext, 'after'>): WebFolder {
  const path = mkdtempSync(join(tmpdir(), 'cinder-exporter-web-'));
  t.after(() => rmSync(path, { recursive: true }));
  cpSync(FIXTURES, path, { recursive: true });
  return {
    path,
    write(name, text) {
      writeFileSync(join(path, name), text);
      return join(path, name);
    },
    copy: (from, to) => cpSync(join(path, from), join(path, to)),
  };
}

/** bcrypt of `s3cret-Ω` at the least cost, so that tests are quick. */
export const HASH = '$2b$04$Llqf4e8bP3cG9p6L9ir48OUaBfs6jBfGz0lI.Mv6M6KZYOm8kd8Ji';
export const PASSWORD = 's3cret-Ω';
