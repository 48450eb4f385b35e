import { resolve } from 'node:path';
import { problem } from '../config/problems.ts';
import type { Problem } from '../config/problems.ts';
import { FileError, readRegularFile } from '../config/regular-file.ts';
import { isSensitive, placeText, quoted } from '../config/tree.ts';
import type { Place } from '../config/tree.ts';
import { keyText } from '../config/yaml-tree.ts';
import type { Section } from './web-config-section.ts';

/** A PEM text, and where the configuration says it is. */
export interface Pem {
  readonly text: string;
  readonly at: Place;
  readonly path: readonly string[];
  /** Undefined when it stands in the configuration itself. */
  readonly file: string | undefined;
}

/** What `name` holds or the file of `name_file`, relative to `folder`. `needed` says what is expected when there is neither. */
export function readPem(
  section: Section,
  name: string,
  folder: string,
  needed: string | undefined,
  problems: Problem[],
): Pem | undefined {
  const fileKey = `${name}_file`;
  const before = problems.length;
  const inline = section.text(name, 'PEM text') || undefined;
  const named = section.text(fileKey, 'a file name') || undefined;
  const path = [...section.path, named === undefined ? name : fileKey];
  const at = section.valueAt(named === undefined ? name : fileKey);
  if (inline !== undefined && named !== undefined) {
    section.refuse(fileKey, `${name} or ${fileKey}`, 'both');
    return undefined;
  }
  if (inline !== undefined) return { text: inline, at, path, file: undefined };
  if (named !== undefined) return readNamed(named, folder, at, path, problems);
  if (needed !== undefined && problems.length === before)
    problems.push(problem(section.keyAt(fileKey), [...section.path, fileKey], needed, 'nothing'));
  return undefined;
}

function readNamed(
  named: string,
  folder: string,
  at: Place,
  path: readonly string[],
  problems: Problem[],
): Pem | undefined {
  const file = resolve(folder, named);
  try {
    return { text: readRegularFile(file), at, path, file };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    problems.push({
      at,
      text: `${placeText(at)}: ${keyText(path)}: ${error.reason} (${isSensitive(named) ? quoted(named) : quoted(file)})`,
    });
    return undefined;
  }
}
