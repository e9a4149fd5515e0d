// An operation for tests of what is pushed: invited, changed as often as needed, and what its subscribers were told of it.
import { randomUUID } from 'node:crypto';
import { dataOf, type Answer, type Json, type TestGateway } from './gateway.ts';

const INVITE = `mutation ($callId: ID!, $sharedWith: [ID!]) {
  inviteParticipants(callId: $callId, input: { participants: [{ identity: { user: { id: "u1" } } }], sharedWith: $sharedWith }) { id tracking { id revision } } }`;
export const WATCH = `subscription ($callId: ID!, $id: ID!, $after: Int) {
  told: inviteParticipantsOperationUpdated(callId: $callId, id: $id, afterRevision: $after) { id status resultInfo { message } tracking { id state revision } } }`;
export const WATCH_CALL = `subscription ($callId: ID!) {
  told: inviteParticipantsOperationsUpdated(callId: $callId) { id status tracking { id revision } } }`;

/** What was made: Graph's id, and the gateway's with the revision. */
export interface Made {
  id: string;
  tracking: { id: string; revision: number };
}

export async function invite(
  { query }: Pick<TestGateway, 'query'>,
  variables: { callId: string; sharedWith?: string[] },
  headers?: Json,
): Promise<Made> {
  return dataOf(await query(INVITE, variables, headers), 'inviteParticipants') as Made;
}

/**
 * Lets Graph show so many other states of an operation, a new one at each read.
 * @param text what ends the message of each
 */
export async function revise({ emulator }: TestGateway, id: string, count: number, text = ''): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    const body = { status: 'running', resultInfo: { message: randomUUID() + text } };
    await emulator.fault({ path: `/operations/${id}$`, times: 1, effect: { kind: 'merge', body } });
  }
}

/** @returns what a subscriber of `WATCH` or `WATCH_CALL` was told; throws at an error. */
export function toldOf(answers: readonly Answer[]): Json[] {
  return answers.map((answer) => dataOf(answer, 'told'));
}

export function revisionsOf(answers: readonly Answer[]): number[] {
  return toldOf(answers).map(({ tracking }) => tracking.revision as number);
}

/** @returns the numbers from one to the other. */
export function span(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
