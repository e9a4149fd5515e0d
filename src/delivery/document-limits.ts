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
  aliases: 50,
  rootFields: 20,
  /** Fields that the answer may hold. */
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
}

/** Reports a document that is too deep, or has too many aliases or root fields. */
export function documentLimitsRule(context: ValidationContext): ASTVisitor {
  const { depth, aliases, rootFields } = documentLimits;
  const fragments = new Map<string, Extent>();
  let aliasCount = 0;

  function extentOf({ selections }: SelectionSetNode): Extent {
    const extents = selections.map((selection): Extent => {
      if (selection.kind === 'InlineFragment') return extentOf(selection.selectionSet);
      if (selection.kind === 'FragmentSpread') return extentOfFragment(selection.name.value);
      return { depth: 1 + (selection.selectionSet ? extentOf(selection.selectionSet).depth : 0), width: 1 };
    });
    return {
      depth: Math.max(...extents.map((extent) => extent.depth)),
      width: Math.min(
        extents.reduce((sum, { width }) => sum + width, 0),
        Number.MAX_SAFE_INTEGER,
      ),
    };
  }

  /** Each fragment is looked at once, however often it is spread; one within itself, or not there, counts nothing. */
  function extentOfFragment(name: string): Extent {
    const known = fragments.get(name);
    if (known) return known;
    fragments.set(name, { depth: 0, width: 0 });
    const fragment = context.getFragment(name);
    if (!fragment) return { depth: 0, width: 0 };
    const extent = extentOf(fragment.selectionSet);
    fragments.set(name, extent);
    return extent;
  }

  return {
    Field({ alias }) {
      if (alias) aliasCount += 1;
    },
    OperationDefinition({ selectionSet }) {
      const extent = extentOf(selectionSet);
      if (extent.depth > depth)
        context.reportError(
          limitExceeded(`is ${extent.depth} fields deep`, depth, 'Ask for what lies deeper in another document.'),
        );
      if (extent.width > rootFields)
        context.reportError(
          limitExceeded(`has ${extent.width} root fields`, rootFields, 'Spread them over several documents.'),
        );
    },
    Document: {
      leave() {
        if (aliasCount > aliases)
          context.reportError(
            limitExceeded(`has ${aliasCount} aliases`, aliases, 'Spread its fields over several documents.'),
          );
      },
    },
  };
}
