import { type Document, isNode, isScalar, type Node, visit, type YAMLError } from 'yaml';
import type { Problem } from './problem.ts';
import type { SourceText, Span } from './source-text.ts';

const shownProblems = 20;

/** What YAML itself has to say, one problem a line. `fatal`: the values cannot be relied on. */
export function syntaxProblems(document: Document.Parsed, source: SourceText): { problems: Problem[]; fatal: boolean } {
  const problems: Problem[] = [];
  for (const error of [...document.errors, ...document.warnings]) {
    // All the rest of the file is unexpected once the parser has lost its way.
    if (problems.length > 0 && / in YAML stream/.test(error.message)) continue;
    const problem = source.problem(startOf(error, document), [], messageOf(error, source.text));
    // One mistake often shows several times in its line; one that exhausts the parser, in every line after it.
    if (!problems.some(({ line }) => line === problem.line)) problems.push(problem);
    if (problems.length === shownProblems || error.code === 'RESOURCE_EXHAUSTION') break;
  }
  return { problems, fatal: document.errors.length > 0 };
}

const messages: Partial<Record<YAMLError['code'], string>> = {
  RESOURCE_EXHAUSTION: 'nested too deeply',
  TAG_RESOLVE_FAILED: 'tags are not allowed here',
  TAB_AS_INDENT: 'a tab cannot indent; use spaces',
  BLOCK_AS_IMPLICIT_KEY: 'a second `: ` in one line; put the value in quotes',
  MULTILINE_IMPLICIT_KEY: 'this is no `key: value`; is a space missing after a colon?',
};

function messageOf({ code, message, pos }: YAMLError, text: string): string {
  // In { } and [ ] a brace ends a plain value.
  const hint = text.slice(0, pos[0] + 1).endsWith('${') ? '; inside { } and [ ] a reference to the environment must be in quotes' : '';
  return messages[code] ?? `${message.charAt(0).toLowerCase()}${message.slice(1)}${hint}`;
}

/** An unclosed quote or bracket is found where the text ends; what the user looks for is where it starts. */
function startOf(error: YAMLError, document: Document): Span {
  let opening: Node | undefined;
  if (error.code === 'MISSING_CHAR' || error.code === 'BAD_INDENT') {
    visit(document, {
      Node(_, node) {
        const opened = isScalar(node) ? /^QUOTE/.test(node.type ?? '') : 'flow' in node && node.flow === true;
        if (isNode(node) && opened && node.range?.[1] === error.pos[0]) opening = node;
      },
    });
  }
  return opening?.range ? [opening.range[0], opening.range[0] + 1] : error.pos;
}
