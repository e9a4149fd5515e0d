import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { renderPlot } from '../bench/plot.ts';
import {
  failed,
  judge,
  median,
  percentile,
  ratioOf,
  renderTable,
  type Line,
  type Measurement,
} from '../bench/report.ts';

const ours: Line = { who: 'this gateway', rounds: [20, 60, 30], errors: 0 };
const theirs: Line = { who: 'peer <1>', rounds: [10, 20, 30], errors: 0 };
const measured = (members: Partial<Measurement> = {}): Measurement => ({
  unit: 'frames',
  better: 'more',
  base: theirs.who,
  lines: [ours, theirs],
  target: 'twice the peer',
  isMet: true,
  ...members,
});
const judged = (members?: Partial<Measurement>) => judge('row', 'A row', measured(members));

describe('the numbers of the bench', () => {
  it('take the middle of the rounds', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  it('take the value that 99 of a hundred do not exceed', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(percentile(values, 0.99)).toBe(99);
    expect(percentile([3, 1, 2], 0.99)).toBe(3);
    expect(percentile([5], 0.99)).toBe(5);
  });

  it('compare each round with its own, for the machine is not as fast all the time', () => {
    expect(ratioOf([ours, theirs], ours.who, theirs.who)).toBe(2);
    expect(ratioOf([ours, theirs], theirs.who, theirs.who)).toBe(1);
  });
});

describe('a row of the bench', () => {
  it('is met or missed', () => {
    expect(judged()).toMatchObject({ verdict: 'met', reason: null });
    expect(judged({ isMet: false })).toMatchObject({ verdict: 'missed', reason: null });
  });

  it('is void when anything was wrong, whatever the numbers say', () => {
    const wrong = { ...theirs, errors: 2, firstError: 'status 500' };
    expect(judged({ lines: [ours, wrong] })).toMatchObject({
      verdict: 'void',
      reason: 'peer <1>: 2 errors, such as status 500',
    });
  });

  it.each([[[]], [[1, Number.NaN]], [[Number.POSITIVE_INFINITY]]])(
    'is void when nothing was measured: %p',
    (rounds: number[]) => {
      expect(judged({ lines: [{ ...ours, rounds }, theirs] })).toMatchObject({ verdict: 'void' });
    },
  );

  it('is void when it could not be run', () => {
    expect(failed('row', 'A row', new Error('no port'))).toMatchObject({ verdict: 'void', reason: 'Error: no port' });
  });
});

describe('the table and the plot', () => {
  const results = [
    judged(),
    failed('other', 'Another row', new Error('one | two\nthree')),
    judged({ lines: [ours, { ...theirs, errors: 1 }] }),
  ];

  it('have a line for each contender, with its ratio', () => {
    const lines = renderTable(results).split('\n');
    expect(lines).toHaveLength(7);
    expect(lines[2]?.split('|').map((cell) => cell.trim())).toEqual(
      expect.arrayContaining(['row', 'this gateway', '30', 'frames', '2', 'twice the peer', 'met']),
    );
    expect(lines[4]).toContain('void: Error: one   two three');
    // What a cell holds must not make another.
    expect(new Set(lines.map((line) => line.split('|').length))).toEqual(new Set([10]));
  });

  it('show no bars of a void row, and no markup that a name holds', () => {
    const plot = renderPlot(results);
    expect(plot.match(/<rect /g)).toHaveLength(3);
    expect(plot).toContain('peer &lt;1>');
    expect(plot).toContain('Another row');
  });
});

describe('the package of the bench', () => {
  const read = (file: string) => readFileSync(new URL(`../bench/${file}`, import.meta.url), 'utf8');

  it('is pinned to one version each, by a lockfile that names no registry', () => {
    const { dependencies, overrides } = JSON.parse(read('package.json')) as { [member: string]: object };
    for (const version of Object.values({ ...dependencies, ...overrides })) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(read('package-lock.json')).not.toMatch(/"resolved"|registry\./);
  });
});
