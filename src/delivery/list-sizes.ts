// How many entries each list of the schema may have: declared by `@listSize`, and estimated for introspection.
import {
  getDirectiveValues,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
} from 'graphql';

/** What `@listSize` says of a field. */
export interface ListSize {
  assumedSize?: number;
  slicingArguments: readonly string[];
  sizedFields: readonly string[];
}

/** By field; a list without an entry is one that the field above it sizes, or that nobody declared. */
export type ListSizes = ReadonlyMap<GraphQLField<unknown, unknown>, ListSize>;

export function createListSizes(schema: GraphQLSchema): ListSizes {
  const sizes = new Map<GraphQLField<unknown, unknown>, ListSize>();
  const directive = schema.getDirective('listSize');
  const introspected = estimate(schema);
  for (const type of Object.values(schema.getTypeMap())) {
    for (const field of fieldsOf(type)) {
      const declared = directive && field.astNode ? getDirectiveValues(directive, field.astNode) : undefined;
      const assumedSize = type.name.startsWith('__') ? introspected[field.name] : undefined;
      if (declared) sizes.set(field, { slicingArguments: [], sizedFields: [], ...declared });
      else if (assumedSize !== undefined) sizes.set(field, { assumedSize, slicingArguments: [], sizedFields: [] });
    }
  }
  return sizes;
}

/** @returns the field as its type declares it, the hidden root fields of introspection included. */
export function findField(schema: GraphQLSchema, type: GraphQLNamedType | undefined, name: string) {
  if (type === schema.getQueryType() && name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
  if (type === schema.getQueryType() && name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
  return isObjectType(type) || isInterfaceType(type) ? type.getFields()[name] : undefined;
}

/** A schema can be counted: the lists of introspection have as many entries as there are, shared out evenly. */
function estimate(schema: GraphQLSchema): { [field: string]: number | undefined } {
  const types = Object.values(schema.getTypeMap());
  const directives = schema.getDirectives();
  const fields = types.flatMap(fieldsOf);
  const sum = (counts: number[]) => counts.reduce((total, count) => total + count, 0);
  const perType = (countOf: (type: GraphQLNamedType) => number) => sum(types.map(countOf)) / types.length;
  return {
    types: types.length,
    directives: directives.length,
    fields: fields.length / types.length,
    args: sum([...fields, ...directives].map(({ args }) => args.length)) / (fields.length + directives.length),
    inputFields: perType((type) => (isInputObjectType(type) ? Object.keys(type.getFields()).length : 0)),
    enumValues: perType((type) => (isEnumType(type) ? type.getValues().length : 0)),
    interfaces: perType((type) => (isObjectType(type) || isInterfaceType(type) ? type.getInterfaces().length : 0)),
    possibleTypes: perType((type) => (isInterfaceType(type) ? schema.getPossibleTypes(type).length : 0)),
  };
}

function fieldsOf(type: GraphQLNamedType): GraphQLField<unknown, unknown>[] {
  return isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : [];
}
