import { describe, expect, it } from '@jest/globals';
import { createRecordId } from '../src/tracking/record-id.ts';

describe('the ids of records', () => {
  it('are UUIDs of version 7, in the order of their time, and no two are the same', () => {
    const times = Array.from({ length: 1_000 }, (_, index) => new Date(Date.UTC(2024, 0, 1) + index * 86_400_000));
    const ids = times.map(createRecordId);
    for (const id of ids) expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(ids).toEqual(ids.toSorted());
    expect(new Set(Array.from({ length: 1_000 }, () => createRecordId(new Date(0)))).size).toBe(1_000);
  });
});
