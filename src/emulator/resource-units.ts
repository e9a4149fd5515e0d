/** What a request costs of the identity service's limits. */

const COUNTED = /^\/(users|invitations|subscriptions)(\/|$)/;
const SMALL_PAGE = 20;

/** The header that names the cost, for the routes that cost anything. */
export function resourceUnits(method: string, template: string, query: URLSearchParams): Record<string, string> {
  if (!COUNTED.test(template)) return {};
  const top = Number(query.get('$top') ?? SMALL_PAGE);
  const cost =
    (method === 'GET' && template === '/users' ? 2 : 1) +
    (query.has('$expand') ? 1 : 0) -
    (query.has('$select') ? 1 : 0) -
    (top < SMALL_PAGE ? 1 : 0);
  return { 'x-ms-resource-unit': String(Math.max(1, cost)) };
}
