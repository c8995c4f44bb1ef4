import type { SyntaxNode as Node } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

/** Operators after which an expression is empty, or smaller, where nothing is the matter. */
const filters = new Set(['Gtr', 'Lss', 'Gte', 'Lte', 'Eql', 'Neq', 'And', 'Or', 'Unless']);

/** The names of the metrics that an expression selects. Throws an `Error` where it cannot be parsed. */
export function selectedMetrics(expression: string): string[] {
  const names = new Set<string>();
  visit(parsed(expression), (node) => {
    if (node.name !== 'VectorSelector') return;
    const name = node.getChild('Identifier');
    if (!name) throw new Error(`a selector without the name of a metric: ${text(node, expression)}`);
    names.add(text(name, expression));
  });
  return [...names];
}

/**
 * What an expression compares: the outermost comparisons, and what stands around `and`, `or` and `unless`, are taken apart, so that each part
 * has an answer also while the whole has none. Plain numbers are left out. One that compares nothing is its only part.
 */
export function comparedParts(expression: string): string[] {
  return parts(parsed(expression), expression);
}

function parts(node: Node, expression: string): string[] {
  const [inner] = children(node);
  if (inner && (node.name === 'PromQL' || node.name === 'ParenExpr')) {
    return parts(children(node).find((child) => !isPunctuation(child)) ?? inner, expression);
  }
  if (node.name === 'NumberDurationLiteral' || node.name === 'NumberDurationLiteralInDurationContext') return [];
  if (node.name !== 'BinaryExpr') return [text(node, expression)];
  const operator = children(node).find(({ name }) => filters.has(name));
  const isPlain = !operator || children(node).some((child) => child.name === 'BoolModifier' && child.getChild('Bool') !== null);
  if (isPlain) return [text(node, expression)];
  const [left, right] = [node.firstChild, node.lastChild];
  return [left, right].flatMap((side) => (side ? parts(side, expression) : []));
}

function parsed(expression: string): Node {
  const { topNode } = parser.parse(expression);
  visit(topNode, (node) => {
    if (node.type.isError) throw new Error(`cannot be parsed at "${expression.slice(node.from, node.from + 30)}": ${expression}`);
  });
  return topNode;
}

function visit(node: Node, on: (node: Node) => void): void {
  on(node);
  for (const child of children(node)) visit(child, on);
}

function children(node: Node): Node[] {
  const all: Node[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) all.push(child);
  return all;
}

function isPunctuation({ name }: Node): boolean {
  return name === '(' || name === ')';
}

function text({ from, to }: Node, expression: string): string {
  return expression.slice(from, to);
}
