// How large a document may be, and the validation rule that refuses one that is larger.
import type { ASTVisitor, SelectionSetNode, ValidationContext } from 'graphql';
import { GatewayError } from '../errors.ts';

/** The same for all callers and transports. */
export const documentLimits = {
  /** Each error counts the lines before it. */
  characters: 100_000,
  tokens: 1_000,
  /** Fields inside each other; the usual introspection queries have 15. */
  depth: 16,
  /** An alias in a fragment counts as often as it is spread. */
  aliases: 50,
  /** In characters: a list is answered with it once for each entry. */
  aliasLength: 100,
  rootFields: 20,
  /** Root fields of a mutation: the deadline has time for these, and what they did would be lost with one that is refused. */
  mutations: 2,
  /** Fields that the answer may hold, long texts as several: such an answer is shorter than 64 MB. */
  cost: 25_000,
} as const;

/** @returns what to answer a document with that breaks a limit. */
export function limitExceeded(found: string, limit: number, cure: string): GatewayError {
  return new GatewayError('LIMIT_EXCEEDED', `This document ${found}; the limit is ${limit}. ${cure}`);
}

interface Extent {
  depth: number;
  /** Fields on the uppermost level. */
  width: number;
  /** On all levels. */
  aliases: number;
}

const nothing: Extent = { depth: 0, width: 0, aliases: 0 };

/** Reports a document that is too deep, or has too many aliases or root fields. */
export function documentLimitsRule(context: ValidationContext): ASTVisitor {
  const { depth, aliases, aliasLength, rootFields, mutations } = documentLimits;
  const fragments = new Map<string, Extent>();

  function extentOf({ selections }: SelectionSetNode): Extent {
    const extents = selections.map((selection): Extent => {
      if (selection.kind === 'InlineFragment') return extentOf(selection.selectionSet);
      if (selection.kind === 'FragmentSpread') return extentOfFragment(selection.name.value);
      const below = selection.selectionSet ? extentOf(selection.selectionSet) : nothing;
      return { depth: 1 + below.depth, width: 1, aliases: below.aliases + (selection.alias ? 1 : 0) };
    });
    return {
      depth: Math.max(...extents.map((extent) => extent.depth)),
      width: sumOf(extents.map((extent) => extent.width)),
      aliases: sumOf(extents.map((extent) => extent.aliases)),
    };
  }

  /** Each fragment is looked at once, however often it is spread; one within itself, or not there, counts nothing. */
  function extentOfFragment(name: string): Extent {
    const known = fragments.get(name);
    if (known) return known;
    fragments.set(name, nothing);
    const fragment = context.getFragment(name);
    if (!fragment) return nothing;
    const extent = extentOf(fragment.selectionSet);
    fragments.set(name, extent);
    return extent;
  }

  return {
    Field({ alias }) {
      const length = alias?.value.length ?? 0;
      if (length > aliasLength)
        context.reportError(limitExceeded(`has an alias of ${length} characters`, aliasLength, 'Send a shorter one.'));
    },
    OperationDefinition({ operation, selectionSet }) {
      const extent = extentOf(selectionSet);
      if (extent.depth > depth)
        context.reportError(
          limitExceeded(`is ${extent.depth} fields deep`, depth, 'Ask for what lies deeper in another document.'),
        );
      if (operation === 'mutation' && extent.width > mutations)
        context.reportError(
          limitExceeded(`has ${extent.width} mutations`, mutations, 'Spread them over several documents.'),
        );
      else if (extent.width > rootFields)
        context.reportError(
          limitExceeded(`has ${extent.width} root fields`, rootFields, 'Spread them over several documents.'),
        );
      if (extent.aliases > aliases)
        context.reportError(
          limitExceeded(`has ${extent.aliases} aliases`, aliases, 'Spread its fields over several documents.'),
        );
    },
  };
}

/** Beyond this no sum is exact. */
function sumOf(counts: readonly number[]): number {
  return Math.min(
    counts.reduce((sum, count) => sum + count, 0),
    Number.MAX_SAFE_INTEGER,
  );
}
