// How many fields the answer to a document may hold, by the weights and sizes of lists that schema, document and variables tell.
import {
  getDirectiveValues,
  getNamedType,
  isListType,
  isNonNullType,
  Kind,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import { createListSizes, findField } from './list-sizes.ts';

/** What a list counts that nobody declared a size of. */
const UNDECLARED_SIZE = 100;

export type Variables = { readonly [name: string]: unknown };

/** The size that a field tells of lists right below it. */
interface Sized {
  fields: readonly string[];
  size: number;
}

/**
 * @returns what counts. A value that is no size, such as a negative one, counts as if it were not given;
 * an answer never holds more fields than are counted, unless Graph sends more than is declared
 */
export function createCostMeter(
  schema: GraphQLSchema,
): (document: DocumentNode, operation: OperationDefinitionNode, variables: Variables) => number {
  const listSizes = createListSizes(schema);
  const directive = schema.getDirective('cost');
  const weightOf = ({ astNode }: GraphQLField<unknown, unknown>) =>
    Number((directive && astNode && getDirectiveValues(directive, astNode)?.['weight']) ?? 1);

  /** Of what costs the same whatever the variables are. */
  const constant = new WeakMap<OperationDefinitionNode, number>();

  return (document, operation, variables) => {
    const known = constant.get(operation);
    if (known !== undefined) return known;
    let isConstant = true;
    const fragments = new Map<string, FragmentDefinitionNode>();
    for (const definition of document.definitions)
      if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
    /** Each fragment is counted once for each size of its lists, however often it is spread. */
    const counted = new Map<string, number>();

    function costOf({ selections }: SelectionSetNode, type: GraphQLNamedType | undefined, sized?: Sized): number {
      let cost = 0;
      for (const selection of selections) {
        if (selection.kind === Kind.FIELD) {
          cost += costOfField(selection, findField(schema, type, selection.name.value), sized);
        } else if (selection.kind === Kind.INLINE_FRAGMENT) {
          const condition = selection.typeCondition?.name.value;
          cost += costOf(selection.selectionSet, condition === undefined ? type : schema.getType(condition), sized);
        } else {
          cost += costOfFragment(selection.name.value, sized);
        }
      }
      // Beyond this no sum is exact; and infinite times nothing would be no number.
      return Math.min(cost, Number.MAX_SAFE_INTEGER);
    }

    function costOfFragment(name: string, sized?: Sized): number {
      const key = sized ? `${name} ${sized.size} ${sized.fields.join(' ')}` : name;
      const known = counted.get(key);
      if (known !== undefined) return known;
      counted.set(key, 0);
      const fragment = fragments.get(name);
      if (!fragment) return 0;
      const cost = costOf(fragment.selectionSet, schema.getType(fragment.typeCondition.name.value), sized);
      counted.set(key, cost);
      return cost;
    }

    function costOfField(node: FieldNode, field: GraphQLField<unknown, unknown> | undefined, sized?: Sized): number {
      if (!field) return 1;
      if (!node.selectionSet) return weightOf(field);
      const own = listSizes.get(field);
      const size = sizeOf(node, field);
      const below = own && own.sizedFields.length > 0 ? { fields: own.sizedFields, size } : undefined;
      const times = !isList(field) ? 1 : sized?.fields.includes(field.name) ? sized.size : size;
      return 1 + times * costOf(node.selectionSet, getNamedType(field.type), below);
    }

    function sizeOf(node: FieldNode, field: GraphQLField<unknown, unknown>): number {
      const { slicingArguments = [], assumedSize = UNDECLARED_SIZE } = listSizes.get(field) ?? {};
      const sizes = slicingArguments.flatMap((name) => {
        const given = node.arguments?.find((argument) => argument.name.value === name)?.value;
        const standard = field.args.find((argument) => argument.name === name)?.defaultValue;
        return (given && countOfNode(given)) ?? countOfValue(standard) ?? [];
      });
      return sizes.length > 0 ? Math.max(...sizes) : assumedSize;
    }

    function countOfNode(node: ValueNode): number | undefined {
      if (node.kind === Kind.INT) return countOfValue(Number(node.value));
      if (node.kind === Kind.LIST) return node.values.length;
      // A single value stands for a list of one.
      if (node.kind === Kind.OBJECT) return 1;
      if (node.kind !== Kind.VARIABLE) return undefined;
      isConstant = false;
      const name = node.name.value;
      // A name may be that of a member that every object has.
      if (Object.hasOwn(variables, name)) return countOfValue(variables[name]);
      const definition = operation.variableDefinitions?.find(({ variable }) => variable.name.value === name);
      return definition?.defaultValue && countOfNode(definition.defaultValue);
    }

    const root = schema.getRootType(operation.operation) ?? undefined;
    const cost = Math.ceil(costOf(operation.selectionSet, root));
    if (isConstant) constant.set(operation, cost);
    return cost;
  };
}

function countOfValue(value: unknown): number | undefined {
  if (Array.isArray(value)) return value.length;
  if (typeof value === 'object' && value !== null) return 1;
  return Number.isInteger(value) && Number(value) >= 0 ? Number(value) : undefined;
}

function isList({ type }: GraphQLField<unknown, unknown>): boolean {
  return isListType(isNonNullType(type) ? type.ofType : type);
}
