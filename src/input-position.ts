// Where in the input an error of graphql-js lies, such as `input.participants[0].identity`.
import { Kind, parse, visit, type ASTNode, type GraphQLError } from 'graphql';

/** A document that is longer is not looked through: one that is wrong in many places is to be refused fast. */
const MOST_CHARACTERS = 10_000;
/** A longer position is none: it holds names that a client made up. In characters. */
const LONGEST_POSITION = 500;

/** @returns the position, or undefined when the error is not about a value of an argument or variable. */
export function toInputPosition(error: GraphQLError): string | undefined {
  const position = toVariablePosition(error.message) ?? findLiteralPosition(error);
  return position !== undefined && position.length <= LONGEST_POSITION ? position : undefined;
}

/** A variable's position is only in the message, behind the value, which may hold anything: so the last of each mark counts. */
function toVariablePosition(message: string): string | undefined {
  const [, variable] = /^Variable "\$(\w+)" (?:got invalid value|of )/.exec(message) ?? [];
  if (variable === undefined) return undefined;
  const position = readAtLast(message, ' at "', /(\w+(?:\.\w+|\[\d+\])+)"; /y);
  const member = readAtLast(message, '; Field "', /(\w+)" (?:of required type|is not defined)/y);
  return (position ?? variable) + (member === undefined ? '' : `.${member}`);
}

/** Tried at one place only: a value may hold the mark, or what looks like the rest, any number of times. */
function readAtLast(message: string, mark: string, rest: RegExp): string | undefined {
  const at = message.lastIndexOf(mark);
  rest.lastIndex = at + mark.length;
  return at < 0 ? undefined : rest.exec(message)?.[1];
}

function findLiteralPosition(error: GraphQLError): string | undefined {
  const node = error.nodes?.[0];
  const source = node?.loc?.source.body;
  return node && source !== undefined && source.length <= MOST_CHARACTERS ? toLiteralPosition(source, node) : undefined;
}

/** A node does not know what it stands in, so the document is walked again; errors are rare enough for that. */
function toLiteralPosition(source: string, wanted: ASTNode): string | undefined {
  let found: string | undefined;
  visit(parse(source), {
    enter(node, key, parent, _, ancestors) {
      if (found !== undefined || node.kind !== wanted.kind || node.loc?.start !== wanted.loc?.start) return;
      found = toPath([...ancestors, ...(parent ? [parent] : []), node], key);
    },
  });
  return found;
}

function toPath(
  chain: readonly (ASTNode | readonly ASTNode[])[],
  lastKey: string | number | undefined,
): string | undefined {
  let path: string | undefined;
  chain.forEach((link, index) => {
    if (Array.isArray(link)) {
      // A list value's entries have no name but a place.
      const parent = chain[index - 1];
      if (path === undefined || !parent || Array.isArray(parent) || (parent as ASTNode).kind !== Kind.LIST) return;
      const next = chain[index + 1] as ASTNode | undefined;
      path += `[${next ? (link as ASTNode[]).indexOf(next) : Number(lastKey)}]`;
      return;
    }
    const node = link as ASTNode;
    if (node.kind === Kind.ARGUMENT) path = node.name.value;
    if (node.kind === Kind.OBJECT_FIELD && path !== undefined) path += `.${node.name.value}`;
  });
  return path;
}
