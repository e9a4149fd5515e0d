// Many invitations in one mutation: checked one by one, recorded together, sent later.
import { randomUUID } from 'node:crypto';
import { GatewayError, refuseInput } from '../errors.ts';
import { toInvitationRecord, type RecordOptions } from './new-record.ts';
import type { InvitationRecord, Owner } from './record.ts';
import { repeat } from './repeat.ts';
import type { InvitationInput } from './requests.ts';
import { toMail } from './sql-rows.ts';
import type { Store } from './store.ts';

/** What became of one item: its record, or why there is none. */
export type BulkResult = { invitation: InvitationRecord } | { error: GatewayError };

export interface BulkAnswer {
  /** Null when no item was recorded. */
  bulkId: string | null;
  results: BulkResult[];
}

export interface BulkOptions extends RecordOptions {
  store: Pick<Store, 'insertBulk'>;
  /** Told when invitations wait to be sent. */
  onQueued: () => void;
}

const MAX_ITEMS = 500;

/** @throws GatewayError `BAD_USER_INPUT` when there are none or too many */
export async function createBulk(
  inputs: readonly InvitationInput[],
  owner: Owner,
  options: BulkOptions,
): Promise<BulkAnswer> {
  if (inputs.length < 1 || inputs.length > MAX_ITEMS) {
    refuseInput('inputs', `${inputs.length} invitations; 1 to ${MAX_ITEMS} are allowed at once. Split the list.`);
  }
  const checked = checkAll(inputs, owner, options);
  const records = checked.filter((item): item is InvitationRecord => !(item instanceof GatewayError));
  if (records.length === 0) return { bulkId: null, results: checked.map(toResult) };
  const bulkId = randomUUID();
  const stored = (await options.store.insertBulk(bulkId, records)).values();
  options.onQueued();
  const results = checked.map((asked, index): BulkResult => {
    if (asked instanceof GatewayError) return { error: asked };
    const kept = stored.next().value as InvitationRecord;
    try {
      return { invitation: kept.id === asked.id ? kept : repeat(kept, asked, `inputs[${index}]`) };
    } catch (error) {
      if (error instanceof GatewayError) return { error };
      throw error;
    }
  });
  return { bulkId, results };
}

/** @returns for each item its record, or what is wrong with it */
function checkAll(
  inputs: readonly InvitationInput[],
  owner: Owner,
  options: RecordOptions,
): (InvitationRecord | GatewayError)[] {
  const seen = new Map<string, { index: number; key: string | null }>();
  return inputs.map((input, index) => {
    const position = `inputs[${index}]`;
    try {
      const record = toInvitationRecord(input, owner, { position, work: 'send', options });
      const address = toMail(input.invitedUserEmailAddress);
      const first = seen.get(address);
      // Under the same key it is the same invitation; otherwise the guest would get two.
      if (first && (first.key === null || first.key !== record.idempotencyKey)) {
        refuseInput(
          `${position}.invitedUserEmailAddress`,
          `The same address as inputs[${first.index}]. Leave one of them out.`,
        );
      }
      if (!first) seen.set(address, { index, key: record.idempotencyKey });
      return record;
    } catch (error) {
      if (error instanceof GatewayError) return error;
      throw error;
    }
  });
}

function toResult(item: InvitationRecord | GatewayError): BulkResult {
  return item instanceof GatewayError ? { error: item } : { invitation: item };
}
