import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

interface Selector {
  /** Several for `{__name__=~"a|b"}`. */
  readonly metrics: readonly string[];
  /** As written: `job=~"$job"`. */
  readonly matchers: readonly string[];
  readonly labels: readonly string[];
  /** The range in brackets, as written. */
  readonly range: string | undefined;
  /** Functions around it, the nearest first. */
  readonly functions: readonly string[];
}

export interface Parsed {
  readonly selectors: readonly Selector[];
  /** Labels in `by`, `on`, `ignoring`, `group_left`. */
  readonly grouping: readonly string[];
}

/** Parses a dashboard's PromQL, Grafana's durations and the variables that are numbers included; throws with the place of the first syntax error. */
export function parse(written: string): Parsed {
  const expr = written
    .replaceAll('$__rate_interval', '111s')
    .replaceAll('$__range', '222s')
    .replaceAll(/\$(?:target|shown)/g, '0.9');
  const text = ({ from, to }: SyntaxNode): string => expr.slice(from, to);
  const selectors: Selector[] = [];
  const grouping: string[] = [];
  parser.parse(expr).iterate({
    enter({ node }) {
      if (node.type.isError)
        throw new SyntaxError(`not PromQL at ${node.from}: ${expr.slice(node.from, node.from + 30)}`);
      if (node.name === 'GroupingLabels') grouping.push(...node.getChildren('LabelName').map(text));
      if (node.name === 'VectorSelector') selectors.push(selectorOf(node, text));
    },
  });
  return { selectors, grouping };
}

function selectorOf(node: SyntaxNode, text: (node: SyntaxNode) => string): Selector {
  const matchers = (node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []).map(text);
  const labels = matchers.map((matcher) => matcher.split(/[=!~]/)[0] ?? '').filter((label) => label !== '__name__');
  const name = node.getChild('Identifier');
  const matrix = node.parent?.name === 'MatrixSelector' ? node.parent : undefined;
  const range = matrix && text(matrix).replace(/^.*\[/s, '').replace(']', '');
  const functions: string[] = [];
  for (let up = node.parent; up; up = up.parent) {
    const called = up.name === 'FunctionCall' ? up.getChild('FunctionIdentifier') : undefined;
    if (called) functions.push(text(called));
  }
  const byName = matchers.find((matcher) => matcher.startsWith('__name__'))?.match(/"(.*)"/)?.[1];
  return {
    metrics: name ? [text(name)] : (byName?.split('|') ?? []),
    matchers,
    labels,
    range: range === '111s' ? '$__rate_interval' : range === '222s' ? '$__range' : range,
    functions,
  };
}
