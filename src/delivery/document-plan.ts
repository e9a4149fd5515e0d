// Finds out once what graphql-js finds out for each answer: which fields there are, their resolvers, arguments and types.
import {
  getArgumentValues,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  visit,
  type ExecutionArgs,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { collectFields, collectSubfields } from 'graphql/execution/collectFields.js';

type Path = GraphQLResolveInfo['path'];

/** What differs from one answer to the next. */
export interface Run extends Pick<ExecutionArgs, 'rootValue' | 'contextValue'> {
  /** As graphql-js has coerced them. */
  variableValues: { [variable: string]: unknown };
}

/** @throws or rejects with whatever goes wrong: the errors of an answer are left to graphql-js. */
export type Plan = (run: Run) => unknown;

/** @returns the value as clients get it, or the promise of it. */
type Complete = (value: unknown, run: Run, path: Path | undefined) => unknown;

interface PlannedField {
  name: string;
  /** @returns the value as the field's resolver gave it. */
  resolve: (source: unknown, run: Run, path: Path) => unknown;
  complete: Complete;
}

const NOT_PLANNED = new Error('graphql-js runs this');

/** An answer that lacks something has an error. */
function lack(): never {
  throw NOT_PLANNED;
}

/**
 * @param variableValues decide which fields `@skip` and `@include` leave; others take another plan
 * @param most fields that the plan may have
 * @returns the plan and how many fields it has; undefined for what only graphql-js can run
 */
export function createPlan(
  schema: GraphQLSchema,
  { document, operation }: { document: ExecutionArgs['document']; operation: OperationDefinitionNode },
  variableValues: Run['variableValues'],
  most: number,
): { plan: Plan; size: number } | undefined {
  const fragments: { [name: string]: FragmentDefinitionNode } = Object.create(null) as {};
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
  let size = 0;

  function planFields(type: GraphQLObjectType, groups: ReadonlyMap<string, readonly FieldNode[]>): Complete {
    const fields = [...groups].map(([name, nodes]) => planField(type, name, nodes));
    return (source, run, path) => {
      const answer: { [name: string]: unknown } = {};
      let pending: Promise<void>[] | undefined;
      try {
        for (const { name, resolve, complete } of fields) {
          const at: Path = { prev: path, key: name, typename: type.name };
          const value = resolve(source, run, at);
          const completed = isPromise(value)
            ? value.then((resolved) => complete(resolved, run, at))
            : complete(value, run, at);
          // Set at once, so that the order is that of the document.
          answer[name] = completed;
          if (isPromise(completed)) (pending ??= []).push(completed.then((is) => void (answer[name] = is)));
        }
      } catch (error) {
        forget(pending ?? []);
        throw error;
      }
      return pending ? Promise.all(pending).then(() => answer) : answer;
    };
  }

  function planField(parentType: GraphQLObjectType, name: string, nodes: readonly FieldNode[]): PlannedField {
    size += 1;
    const [node] = nodes;
    // As a key of an object this one would not be a member.
    if (!node || name === '__proto__' || size > most) throw NOT_PLANNED;
    if (node.name.value === '__typename') return { name, resolve: () => parentType.name, complete: (value) => value };
    const field = parentType.getFields()[node.name.value];
    if (!field) throw NOT_PLANNED;
    return { name, resolve: planResolver(parentType, field, nodes, node), complete: planValue(field.type, nodes) };
  }

  function planResolver(
    parentType: GraphQLObjectType,
    field: GraphQLField<unknown, unknown>,
    fieldNodes: readonly FieldNode[],
    node: FieldNode,
  ): PlannedField['resolve'] {
    const { name: fieldName, type: returnType, resolve } = field;
    if (!resolve) {
      return (source) => {
        const value = (source as { [name: string]: unknown } | null | undefined)?.[fieldName];
        return typeof value === 'function' ? lack() : value;
      };
    }
    const args = mentionsVariables(node) ? undefined : getArgumentValues(field, node);
    return (source, { variableValues: variables, contextValue, rootValue }, path) =>
      resolve(source, args ?? getArgumentValues(field, node, variables), contextValue, {
        fieldName,
        fieldNodes,
        returnType,
        parentType,
        path,
        schema,
        fragments,
        rootValue,
        operation,
        variableValues: variables,
      });
  }

  function planValue(type: GraphQLOutputType, nodes: readonly FieldNode[]): Complete {
    if (isNonNullType(type)) {
      const complete = planValue(type.ofType, nodes);
      const require = (value: unknown) => value ?? lack();
      return (value, run, path) => {
        const completed = complete(value, run, path);
        return isPromise(completed) ? completed.then(require) : require(completed);
      };
    }
    if (isLeafType(type)) return orNull((value) => type.serialize(value) ?? lack());
    if (isListType(type)) {
      const completeItem = planValue(type.ofType, nodes);
      return orNull((value, run, path) => {
        if (!Array.isArray(value)) return lack();
        const items: unknown[] = [];
        try {
          for (const [key, item] of (value as unknown[]).entries()) {
            const at: Path = { prev: path, key, typename: undefined };
            items.push(
              isPromise(item) ? item.then((resolved) => completeItem(resolved, run, at)) : completeItem(item, run, at),
            );
          }
        } catch (error) {
          forget(items);
          throw error;
        }
        return items.some(isPromise) ? Promise.all(items) : items;
      });
    }
    if (!isObjectType(type) || type.isTypeOf) throw NOT_PLANNED;
    return orNull(planFields(type, collectSubfields(schema, fragments, variableValues, type, nodes)));
  }

  const root = schema.getRootType(operation.operation);
  if (!root) return undefined;
  try {
    const groups = collectFields(schema, fragments, variableValues, root, operation.selectionSet);
    const complete = planFields(root, groups);
    return { plan: (run) => complete(run.rootValue, run, undefined), size };
  } catch {
    return undefined;
  }
}

function orNull(complete: Complete): Complete {
  return (value, run, path) => {
    if (value === null || value === undefined) return null;
    return value instanceof Error ? lack() : complete(value, run, path);
  };
}

/** What else goes wrong beside a fault is of no interest. */
function forget(values: readonly unknown[]): void {
  for (const value of values) if (isPromise(value)) value.then(undefined, () => {});
}

function mentionsVariables(node: FieldNode): boolean {
  let isMentioned = false;
  for (const argument of node.arguments ?? []) visit(argument, { Variable: () => void (isMentioned = true) });
  return isMentioned;
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
