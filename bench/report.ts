// What rows of the bench found: medians, ratios, verdicts, and the one table of them.

/** What one contender did. */
export interface Line {
  who: string;
  /** One value per round, in the row's unit. */
  rounds: readonly number[];
  /** How many answers or frames were wrong; any voids the row. */
  errors: number;
  firstError?: string | undefined;
  /** What else is worth knowing, such as requests per second. */
  detail?: string;
}

/** What a row found, before it is judged. */
export interface Measurement {
  unit: string;
  better: 'more' | 'less';
  /** Where the ratios come from: this contender is 1. */
  base: string;
  lines: readonly Line[];
  target: string;
  isMet: boolean;
}

export interface RowResult {
  row: string;
  title: string;
  unit: string;
  better: 'more' | 'less';
  target: string;
  verdict: 'met' | 'missed' | 'void';
  /** Why it is void. */
  reason: string | null;
  lines: { who: string; value: number; ratio: number; detail: string; rounds: readonly number[] }[];
}

/** @returns the middle of the values, NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? Number.NaN) + upper) / 2 : upper;
}

/** @returns the value that the given share of all values does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** @returns how many times the base's value a contender's is: the median over the rounds, each compared with its own round. */
export function ratioOf(lines: readonly Line[], who: string, base: string): number {
  const roundsOf = (name: string) => lines.find((line) => line.who === name)?.rounds ?? [];
  const compared = roundsOf(base);
  return median(roundsOf(who).map((value, round) => value / (compared[round] ?? Number.NaN)));
}

/** Judges a row: void when anything was wrong or nothing was measured, whatever the numbers say. */
export function judge(
  row: string,
  title: string,
  { unit, better, base, lines, target, isMet }: Measurement,
): RowResult {
  const wrong = lines.find(({ errors }) => errors > 0);
  const empty = lines.find(({ rounds }) => rounds.length === 0 || rounds.some((value) => !Number.isFinite(value)));
  const reason = wrong
    ? `${wrong.who}: ${wrong.errors} errors, such as ${wrong.firstError ?? 'one without words'}`
    : empty
      ? `${empty.who}: nothing was measured`
      : null;
  return {
    row,
    title,
    unit,
    better,
    target,
    verdict: reason !== null ? 'void' : isMet ? 'met' : 'missed',
    reason,
    lines: lines.map(({ who, rounds, detail = '' }) => ({
      who,
      value: median(rounds),
      ratio: ratioOf(lines, who, base),
      detail,
      rounds,
    })),
  };
}

/** @returns the row for what could not even be run. */
export function failed(row: string, title: string, error: unknown): RowResult {
  return { row, title, unit: '', better: 'more', target: '', verdict: 'void', reason: String(error), lines: [] };
}

/** @returns a table in Markdown, its columns padded for terminals. */
export function renderTable(results: readonly RowResult[]): string {
  const head = ['row', 'contender', 'median', 'unit', 'ratio', 'beside', 'target', 'verdict'];
  const rows = results.flatMap(({ row, unit, target, verdict, reason, lines }) => {
    const said = reason === null ? verdict : `void: ${reason.slice(0, 100)}`;
    if (lines.length === 0) return [[row, '', '', unit, '', '', target, said]];
    return lines.map(({ who, value, ratio, detail }, index) => [
      index === 0 ? row : '',
      who,
      formatNumber(value),
      index === 0 ? unit : '',
      formatNumber(ratio),
      detail,
      ...(index === 0 ? [target, said] : ['', '']),
    ]);
  });
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  const render = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => toCell(cell).padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [render(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(render)].join('\n');
}

/** What a cell holds must not make another. */
function toCell(text: string): string {
  return text.replaceAll(/[|\n]/g, ' ');
}

/** @returns three significant digits, thousands apart. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '-';
  return Number(value.toPrecision(3)).toLocaleString('en-GB', { maximumFractionDigits: 3 });
}
