// Which permission a request to Graph needs: for those who have to grant it.

const permissions: readonly (readonly [RegExp, string])[] = [
  [/^\/invitations([/?]|$)/, '`User.Invite.All` (to reset a redemption: `User.ReadWrite.All`)'],
  [/^\/(users|subscriptions)([/?(]|$)/, '`User.Read.All`'],
  [/^\/communications\/calls\/[^/]+\/participants\/invite$/, '`Calls.InitiateGroupCall.All`'],
  [/^\/communications\/calls\/[^/]+\/participants$/, '`Calls.Initiate.All`'],
];

/**
 * @param path below the version
 * @returns the least permission as Microsoft's reference pages name it; undefined where they name none
 */
export function neededPermission(path: string): string | undefined {
  return permissions.find(([pattern]) => pattern.test(path))?.[1];
}
