import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { describeOccasion, readOccasion } from '../bench/occasion.ts';
import { readOptions } from '../bench/options.ts';
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
import { judgePace } from '../bench/rows/active-records.ts';
import { findProofs, toMeasurement, type Report } from '../bench/rows/soak.ts';

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

const occasion = {
  at: '2026-01-02T03:04:05.678Z',
  commit: 'abc1234+',
  machine: { node: 'v24.0.0', cpu: 'A <CPU>', cores: 2 },
};

describe('the options of the bench', () => {
  it('are all rows, or one of them', () => {
    expect(readOptions([], ['soak', 'heap'])).toEqual({ row: undefined, quick: false, profile: false });
    expect(readOptions(['--row', 'heap', '--quick'], ['soak', 'heap'])).toMatchObject({ row: 'heap', quick: true });
  });

  it.each([
    [['--fast'], "Unknown option '--fast'. The options are: --row <name>, --quick, --profile."],
    [['--row'], "Option '--row <value>' argument missing. The options are: --row <name>, --quick, --profile."],
    [['heap'], "Unexpected argument 'heap'. The options are: --row <name>, --quick, --profile."],
    [['--row', 'speed'], 'There is no row speed; the rows are: soak, heap.'],
  ])('are said when there is no such thing as %j', (args, message) => {
    expect(() => readOptions(args, ['soak', 'heap'])).toThrow(message);
  });
});

describe('the pace', () => {
  const perCore = { unit: 'active operations per core at 5 s', remark: '' };

  it('is told per core when it is kept, or the core has no more to give', () => {
    expect(judgePace({ count: 100, followed: 100, cores: 0.5 })).toEqual({ isKept: true, value: 200, ...perCore });
    expect(judgePace({ count: 100, followed: 50, cores: 1 })).toEqual({ isKept: false, value: 50, ...perCore });
  });

  it('is told in all when something else than the CPU is the limit', () => {
    expect(judgePace({ count: 100, followed: 50, cores: 0.5 })).toEqual({
      isKept: false,
      value: 50,
      unit: 'active operations in all at 5 s',
      remark: '; behind its pace, and CPU is not the limit',
    });
  });
});

describe('the proofs', () => {
  const passed: Report = {
    success: true,
    numFailedTests: 0,
    numPassedTests: 3,
    numRuntimeErrorTestSuites: 0,
    testResults: [
      { name: 'a.test.ts', status: 'passed', assertionResults: [{ fullName: 'a holds', status: 'passed' }] },
    ],
  };

  it('hold when all pass', () => {
    expect(toMeasurement(passed)).toMatchObject({ isMet: true, lines: [{ rounds: [0] }] });
  });

  it('are named when they fail', () => {
    const failing = {
      name: 'a.test.ts',
      status: 'failed',
      assertionResults: [{ fullName: 'a holds', status: 'failed' }],
    };
    expect(toMeasurement({ ...passed, success: false, numFailedTests: 1, testResults: [failing] })).toMatchObject({
      isMet: false,
      lines: [{ rounds: [1], detail: expect.stringContaining('failed: a holds') }],
    });
  });

  it('fail when a file cannot be run', () => {
    const broken = { name: 'b.test.ts', status: 'failed', assertionResults: [] };
    const report = { ...passed, success: false, numRuntimeErrorTestSuites: 1, testResults: [broken] };
    expect(toMeasurement(report)).toMatchObject({
      isMet: false,
      lines: [{ rounds: [1], detail: expect.stringContaining('failed: b.test.ts') }],
    });
  });

  it('fail when there are none, or jest is not content', () => {
    expect(toMeasurement({ ...passed, numPassedTests: 0 })).toMatchObject({ isMet: false });
    expect(toMeasurement({ ...passed, success: false })).toMatchObject({ isMet: false, lines: [{ rounds: [1] }] });
  });

  it('have a file each', () => {
    expect(findProofs(['restart'])).toEqual(['test/restart.test.ts']);
    expect(() => findProofs(['restart', 'nowhere'])).toThrow('there is no proof test/nowhere.test.ts');
  });
});

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
    const plot = renderPlot(results, occasion);
    expect(plot.match(/<rect /g)).toHaveLength(3);
    expect(plot).toContain('peer &lt;1>');
    expect(plot).toContain('Another row');
  });

  it('have no bar for what is compared with nothing', () => {
    const plot = renderPlot([judged({ lines: [{ ...ours, rounds: [1234] }] })], occasion);
    expect(plot.match(/<rect /g)).toHaveLength(1);
    expect(plot).toMatch(/>1,230<.*frames/);
    expect(plot).toContain('target: twice the peer');
  });

  it('say when, where and of which commit they are', () => {
    expect(describeOccasion(occasion)).toEqual(['2026-01-02 03:04 UTC, commit abc1234+', '2 x A <CPU>, Node v24.0.0']);
    const plot = renderPlot(results, occasion);
    expect(plot).toContain('commit abc1234+');
    expect(plot).toContain('2 x A &lt;CPU>');
    // The sources may be here without their history.
    expect(readOccasion()).toMatchObject({
      commit: expect.stringMatching(/^([0-9a-f]{7,}\+?|unknown)$/),
      machine: { node: process.version },
    });
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
