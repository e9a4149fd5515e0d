// Finds conditions at the root of a subscription: graphql-js throws at some of them, and there would be nothing to watch.
import { GraphQLError, Kind, type DocumentNode, type FragmentDefinitionNode, type SelectionSetNode } from 'graphql';

const CONDITIONS = new Set(['skip', 'include']);

/** @returns what is wrong with the document, if that is. */
export function findConditionalRoot(document: DocumentNode): GraphQLError | undefined {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);

  const isConditional = ({ selections }: SelectionSetNode): boolean =>
    selections.some((selection) => {
      if (selection.directives?.some(({ name }) => CONDITIONS.has(name.value))) return true;
      if (selection.kind === Kind.INLINE_FRAGMENT) return isConditional(selection.selectionSet);
      if (selection.kind === Kind.FIELD) return false;
      const fragment = fragments.get(selection.name.value);
      // Once is enough, and ends where fragments spread each other.
      fragments.delete(selection.name.value);
      return fragment !== undefined && isConditional(fragment.selectionSet);
    });

  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION || definition.operation !== 'subscription') continue;
    if (isConditional(definition.selectionSet))
      return new GraphQLError('The root field of a subscription takes no @skip and no @include. Leave them out.', {
        nodes: definition,
      });
  }
  return undefined;
}
