/** The opaque tokens in the links of delta: each carries all that its round needs to go on. */
import { hash } from 'node:crypto';
import { badRequest, GraphRefusal, type GraphRequest } from './graph-answer.ts';

/** What the first request asked for. */
export interface DeltaQuestion {
  select: string | null;
  filter: string | null;
  /** `Prefer: return=minimal`. */
  minimal: boolean;
}

/** Where a round stands. */
export interface DeltaRound extends DeltaQuestion {
  /** All users are listed, as opposed to the changed ones. */
  lists: boolean;
  /** The round tells changes after this number... */
  since: number;
  /** ...up to this one, after which the next round begins. */
  until: number;
  /** Told up to here: a change's number, or a user's when all are listed. */
  after: number;
  /** How many empty pages are still to come. */
  empty: number;
  /** Users of the page before with whom the next page begins. */
  repeat: string[];
}

interface Token {
  kind: 'next' | 'delta';
  round: DeltaRound;
  issuedAt: number;
  generation: number;
}

export interface DeltaTokens {
  /** The link to the next page, or to the next round. */
  linkOf(request: GraphRequest, kind: Token['kind'], round: DeltaRound): string;
  /** @throws GraphRefusal 400 for what is no token of ours, 410 with the place to begin again for one that has expired. */
  read(request: GraphRequest, kind: Token['kind'], text: string): DeltaRound;
}

export interface DeltaTokensOptions {
  settings: { deltaTokenMs: number };
  /** Tokens of another generation have expired. */
  generation: () => number;
  now: () => number;
}

export function createDeltaTokens({ settings, generation, now }: DeltaTokensOptions): DeltaTokens {
  return {
    linkOf(request, kind, round) {
      const token: Token = { kind, round, issuedAt: now(), generation: generation() };
      const text = Buffer.from(JSON.stringify(token)).toString('base64url');
      return `${request.root}/users/delta?${kind === 'next' ? '$skiptoken' : '$deltatoken'}=${text}.${checksum(text)}`;
    },
    read(request, kind, text) {
      const token = parse(text);
      if (token?.kind !== kind) throw new GraphRefusal(400, 'syncStateNotFound', 'The sync state token is invalid.');
      const { round, issuedAt } = token;
      const alive = token.generation === generation() && now() < issuedAt + settings.deltaTokenMs;
      if (!alive) throw expired(request, round);
      return round;
    },
  };
}

/** @throws GraphRefusal 400: what the first request asked for is in the link and cannot be asked again. */
export function refuseAdditions(query: URLSearchParams, token: string): void {
  const added = [...query.keys()].find((name) => name.startsWith('$') && name !== token);
  if (added) throw badRequest(`The query option '${added}' cannot be combined with '${token}'.`);
}

function expired(request: GraphRequest, { select, filter }: DeltaQuestion): GraphRefusal {
  const question = [
    ...(select === null ? [] : [`$select=${encodeURIComponent(select)}`]),
    ...(filter === null ? [] : [`$filter=${encodeURIComponent(filter)}`]),
    '$deltatoken=',
  ];
  return new GraphRefusal(410, 'syncStateNotFound', 'The sync state is not found. A full sync is required.', {
    Location: `${request.root}/users/delta?${question.join('&')}`,
  });
}

function parse(text: string): Token | undefined {
  const [content = '', sum] = text.split('.');
  return sum === checksum(content) ? (JSON.parse(Buffer.from(content, 'base64url').toString()) as Token) : undefined;
}

function checksum(text: string): string {
  return hash('sha256', `delta:${text}`, 'hex').slice(0, 16);
}
