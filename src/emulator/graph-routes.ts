/** Finds the handler of a Graph path, and the template under which its requests are counted. */
import { badRequest, GraphRefusal, type GraphAnswer, type GraphRequest } from './graph-answer.ts';

/** Does its work at once, or promises to: an invitation is never half made. */
export type GraphHandler = (request: GraphRequest, id: string, secondId: string) => GraphAnswer | Promise<GraphAnswer>;

export interface GraphRoute {
  method: string;
  /** `/users/{}`: each `{}` takes one segment. */
  template: string;
  handle: GraphHandler;
}

export interface FoundRoute {
  template: string;
  handle: (request: GraphRequest) => GraphAnswer | Promise<GraphAnswer>;
}

export type FindRoute = (method: string, path: string) => FoundRoute;

/** OData's other spelling of a key: `/users('42')` is `/users/42`. */
const KEY_IN_PARENTHESES = /^(\w+)\('((?:[^']|'')*)'\)$/;
/** And of a function: `/users/delta()` is `/users/delta`. */
const FUNCTION_CALL = /^(\w+)\(\)$/;

export function createGraphRoutes(routes: GraphRoute[]): FindRoute {
  const table = routes.map((route) => ({ ...route, segments: route.template.split('/').slice(1) }));

  return (method, path) => {
    const segments = segmentsOf(path);
    if (!segments) return refusing(badRequest('The request URI is not valid.'));
    const fitting = table.filter((route) => fits(route.segments, segments));
    const route = fitting.find((candidate) => candidate.method === method);
    if (route) {
      const ids = segments.filter((_, index) => route.segments[index] === '{}');
      return { template: route.template, handle: (request) => route.handle(request, ids[0] ?? '', ids[1] ?? '') };
    }
    if (fitting[0]) {
      const wrongMethod = new GraphRefusal(
        405,
        'Request_BadRequest',
        'Specified HTTP method is not allowed for the request target.',
      );
      return refusing(wrongMethod, fitting[0].template);
    }
    return refusing(badRequest(`Resource not found for the segment '${segments[0] ?? ''}'.`));
  };
}

function refusing(refusal: GraphRefusal, template = '(unknown)'): FoundRoute {
  return {
    template,
    handle: () => {
      throw refusal;
    },
  };
}

function fits(template: string[], segments: string[]): boolean {
  return (
    template.length === segments.length &&
    template.every((part, index) => (part === '{}' ? segments[index] !== '' : part === segments[index]))
  );
}

function segmentsOf(path: string): string[] | undefined {
  try {
    return path
      .split('/')
      .slice(1)
      .flatMap((segment) => {
        const decoded = decodeURIComponent(segment);
        const keyed = KEY_IN_PARENTHESES.exec(decoded);
        if (keyed) return [keyed[1] ?? '', (keyed[2] ?? '').replaceAll("''", "'")];
        return [FUNCTION_CALL.exec(decoded)?.[1] ?? decoded];
      });
  } catch {
    return undefined;
  }
}
