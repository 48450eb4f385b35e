import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

/** One selector of an expression: the metric and its matchers. */
interface Selector {
  readonly metric: string;
  readonly matchers: ReadonlyMap<string, string>;
}

/** What an expression names. */
export interface Names {
  readonly selectors: readonly Selector[];
  /** Labels in `by`, `without`, `on`, `ignoring`, `group_left` and `group_right`. */
  readonly grouping: readonly string[];
}

/** Parses PromQL; throws with the place of the first syntax error. */
export function namesIn(expr: string): Names {
  const selectors: Selector[] = [];
  const grouping: string[] = [];
  const textOf = (node: SyntaxNode): string => expr.slice(node.from, node.to);
  parser.parse(expr).iterate({
    enter({ node }) {
      if (node.type.isError)
        throw new SyntaxError(`not PromQL at ${node.from}: ${expr.slice(node.from, node.from + 30)}`);
      if (node.name === 'GroupingLabels') grouping.push(...node.getChildren('LabelName').map(textOf));
      if (node.name !== 'VectorSelector') return;
      const metric = node.getChild('Identifier');
      const matchers = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? [];
      selectors.push({
        metric: metric ? textOf(metric) : '',
        matchers: new Map(
          matchers.map((matcher) => {
            const [label, value] = [matcher.getChild('LabelName'), matcher.getChild('StringLiteral')];
            return [label ? textOf(label) : '', value ? textOf(value).slice(1, -1) : ''];
          }),
        ),
      });
    },
  });
  return { selectors, grouping };
}
