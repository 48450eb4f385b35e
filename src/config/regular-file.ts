import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { UserError } from '../user-error.ts';
import { withoutControls } from '../text.ts';
import { isSensitive, quoted } from './tree.ts';

/** The largest configuration file that is read. */
const MAX_FILE_BYTES = 1024 * 1024;

/** A longer name is cut where it is shown. */
const MAX_NAME = 1024;

/** A file that cannot be read as text; `reason` continues the sentence `FILE: ...` and never quotes the content. */
export class FileError extends UserError {
  override readonly name = 'FileError';
  readonly reason: string;
  /** `EACCES`, `ENOENT`, ... of the operating system, when it was the one to refuse. */
  readonly code: string | undefined;

  constructor(file: string, reason: string, code?: string) {
    super(`${shownName(file)}: ${reason}`);
    this.reason = reason;
    this.code = code;
  }
}

/** Where the name of a file belongs people write a key, or a URL with a password: that is not shown. An `@` alone is in the names of homes, `/home/user@example.org`. */
function shownName(file: string): string {
  const isLine = file.length <= MAX_NAME && withoutControls(file) === file;
  return isLine && !isSensitive(file.includes(':') ? file : file.replaceAll('@', '')) ? file : quoted(file);
}

/** The whole text of a regular file of at most `MAX_FILE_BYTES` in UTF-8, without a byte order mark. A device, FIFO or directory is never opened. Throws `FileError`. */
export function readRegularFile(file: string): string {
  try {
    refuseUnlessRegular(file, statSync(file));
    // Not blocking even if a FIFO has taken the file's place since.
    const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      refuseUnlessRegular(file, fstatSync(descriptor));
      return decoded(file, readAtMost(descriptor, MAX_FILE_BYTES + 1));
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw error instanceof FileError ? error : systemError(file, error);
  }
}

function refuseUnlessRegular(file: string, stats: Stats): void {
  if (!stats.isFile()) throw new FileError(file, `expected a regular file, got ${kindOf(stats)}`);
  if (stats.size > MAX_FILE_BYTES) throw tooLarge(file, `${stats.size} bytes`);
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a FIFO';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}

function tooLarge(file: string, got: string): FileError {
  return new FileError(file, `expected at most ${MAX_FILE_BYTES} bytes, got ${got}`);
}

/** A file of /proc says size 0: only reading tells. */
function readAtMost(descriptor: number, limit: number): Buffer {
  const buffer = Buffer.alloc(limit);
  let length = 0;
  for (;;) {
    const read = readSync(descriptor, buffer, length, limit - length, null);
    length += read;
    if (read === 0 || length === limit) return buffer.subarray(0, length);
  }
}

function decoded(file: string, bytes: Buffer): string {
  if (bytes.length > MAX_FILE_BYTES) throw tooLarge(file, 'more');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FileError(file, 'expected UTF-8 text, got other bytes', cause instanceof Error ? cause.name : undefined);
  }
}

/** What the operating system says of a file, in words. */
export function systemError(file: string, error: unknown): FileError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  const reasons: Record<string, string> = {
    ENOENT: 'expected a file, got nothing of that name',
    ENOTDIR: 'expected a file, got nothing of that name',
    EACCES: 'expected a readable file, got: permission denied',
    EPERM: 'expected a readable file, got: permission denied',
    ELOOP: 'expected a file, got a circle of symbolic links',
  };
  return new FileError(
    file,
    reasons[code ?? ''] ?? `expected a readable file, got error ${code ?? String(error)}`,
    code,
  );
}
