import { Lexer } from 'yaml';

const MAX_TOKENS = 100_000;
const MAX_DEPTH = 30;
/** Deeper than any of our files; without it a line of spaces a block costs the parser its stack. */
const DEEP_INDENT = /^[ \t]{120}[ \t]*[^ \t\r\n]/m;

/** Why a text is refused before it is parsed, or undefined: the parser is recursive, and enough brackets end the whole process. */
export function refusedYaml(text: string): string | undefined {
  let tokens = 0;
  let open = 0;
  let pending = 0;
  if (DEEP_INDENT.test(text)) return 'expected lines indented by less than 120 columns, got more';
  for (const token of new Lexer().lex(text)) {
    tokens += 1;
    if (token === '[' || token === '{') open += 1;
    if (token === ']' || token === '}') open = Math.max(0, open - 1);
    // A chain of `- - -`, `a: b: c:` or `&a &b`: it ends with the line, in brackets with the next item.
    if (open === 0 ? token === '\n' || token === '\r\n' : /^[[\]{},]$/.test(token)) pending = 0;
    else if (/^(?:[-?:]$|[&!%])/.test(token)) pending += 1;
    if (open > MAX_DEPTH || pending > MAX_DEPTH) return `expected at most ${MAX_DEPTH} levels, got more`;
    if (tokens > MAX_TOKENS) return `expected at most ${MAX_TOKENS} YAML tokens, got more`;
  }
  return undefined;
}
