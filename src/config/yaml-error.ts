import type { YAMLParseError, YAMLWarning } from 'yaml';

/** Our own words for the parser's error codes: its messages quote the document, and that may be a password. */
const REASONS: Record<string, string> = {
  ALIAS_PROPS: 'an alias with an anchor or tag',
  BAD_ALIAS: 'an alias without a name',
  BAD_COLLECTION_TYPE: 'a tag that does not fit',
  BAD_DIRECTIVE: 'a bad % directive',
  BAD_DQ_ESCAPE: 'a bad escape in double quotes',
  BAD_INDENT: 'wrong indentation, or a bracket that is not closed',
  BAD_PROP_ORDER: 'an anchor or tag in the wrong place',
  BAD_SCALAR_START: 'a value that begins with a reserved character (quote it)',
  BLOCK_AS_IMPLICIT_KEY: 'a second ":" on the line (quote the value)',
  BLOCK_IN_FLOW: 'a block inside brackets',
  KEY_OVER_1024_CHARS: 'a key longer than 1024 characters',
  MISSING_CHAR: 'a missing character, such as a closing quote, a ":" or a space',
  MULTILINE_IMPLICIT_KEY: 'a key over several lines (is a ":" missing?)',
  MULTIPLE_ANCHORS: 'two anchors on one value',
  MULTIPLE_DOCS: 'several documents',
  MULTIPLE_TAGS: 'two tags on one value',
  RESOURCE_EXHAUSTION: 'too many levels',
  TAB_AS_INDENT: 'a tab as indentation (use spaces)',
  TAG_RESOLVE_FAILED: 'a tag that is not known',
  UNEXPECTED_TOKEN: 'something that does not belong here',
};

/** `expected ..., got ...` for one error or warning of the parser. */
export function yamlReason(error: YAMLParseError | YAMLWarning): string {
  if (error.code === 'MULTIPLE_DOCS') return 'expected one document, got several';
  return `expected valid YAML, got ${REASONS[error.code] ?? 'a syntax error'}`;
}
