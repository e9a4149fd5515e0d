// Users: members that the parent already has are shown as they are, the others are read from Graph.
import type { GraphQLContext } from '../src/context.ts';
import type { Resolvers } from '../src/generated/graphql.ts';
import type { GraphUser } from '../src/graph/resources.ts';

const read =
  <Member extends keyof GraphUser>(member: Member) =>
  async (
    user: GraphUser,
    _: object,
    { loaders }: GraphQLContext,
  ): Promise<Exclude<GraphUser[Member], undefined> | null> => {
    const known = user[member];
    if (known !== undefined) return known as Exclude<GraphUser[Member], undefined>;
    return user.id ? loaders.userMember(user.id, member) : null;
  };

export const userResolvers: Resolvers = {
  User: {
    displayName: read('displayName'),
    mail: read('mail'),
    userPrincipalName: read('userPrincipalName'),
    userType: read('userType'),
    externalUserState: read('externalUserState'),
    externalUserStateChangeDateTime: read('externalUserStateChangeDateTime'),
    createdDateTime: read('createdDateTime'),
    accountEnabled: read('accountEnabled'),
  },
};
