// The results as bars: an SVG on a ground of its own, so that it reads on light pages and dark ones alike, and on narrow ones.
import { describeOccasion, type Occasion } from './occasion.ts';
import { formatNumber, type RowResult } from './report.ts';

/** About that of a phone: where it is shown no smaller, its text is none the smaller either. */
const WIDTH = 440;
const MARGIN = 16;
const NAME_WIDTH = 176;
const VALUE_WIDTH = 88;
const BAR = 14;
const LINE = 20;
const HEAD = 52;
const GAP = 18;
const CAPTION_LINE = 16;
const BARS_AT = MARGIN + NAME_WIDTH;
const MOST_BAR = WIDTH - BARS_AT - VALUE_WIDTH - MARGIN;
const RIGHT = WIDTH - MARGIN;

const OURS = '#2563eb';
const PEER = '#94a3b8';
const LIMIT = '#d5dbe3';
const QUIET = 'fill="#64748b"';
const verdictColors = { met: '#15803d', missed: '#b45309', void: '#b91c1c' };

/** @returns one block per row, bars in linear scale from zero; those of a void row are left out, and so is one that stands alone. */
export function renderPlot(results: readonly RowResult[], occasion: Occasion): string {
  let y = MARGIN;
  const blocks = results.map((result) => {
    const block = renderBlock(result, y);
    y += HEAD + barsOf(result).length * LINE + GAP;
    return block;
  });
  const caption = ['(x): how many times the value that has (1) in its row', ...describeOccasion(occasion)];
  const height = y + caption.length * CAPTION_LINE + MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Results of the bench" font-family="system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="12" fill="#1f2937">`,
    `<rect x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8" fill="#ffffff" stroke="#cbd5e1"/>`,
    ...blocks,
    `<path d="M${MARGIN} ${y - GAP / 2}H${RIGHT}" stroke="#cbd5e1"/>`,
    ...caption.map((line, index) => text(MARGIN, y + 12 + index * CAPTION_LINE, escape(line), QUIET)),
    '</svg>',
    '',
  ].join('\n');
}

function barsOf({ verdict, lines }: RowResult): RowResult['lines'] {
  return verdict === 'void' || lines.length === 1 ? [] : lines;
}

function renderBlock(result: RowResult, y: number): string {
  const { title, unit, better, target, verdict, lines } = result;
  const bars = barsOf(result);
  const most = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE);
  const [only] = verdict !== 'void' && lines.length === 1 ? lines : [];
  const value = only ? `<tspan font-weight="600" fill="${OURS}">${formatNumber(only.value)}</tspan> ` : '';
  return [
    text(MARGIN, y + 12, escape(title), 'font-weight="600" font-size="13"'),
    text(MARGIN, y + 28, `${value}${escape(`${unit}, ${better} is better`)}`, QUIET),
    text(MARGIN, y + 44, escape(`target: ${target}`), QUIET),
    text(RIGHT, y + 44, verdict, `text-anchor="end" font-weight="600" fill="${verdictColors[verdict]}"`),
    ...bars.flatMap(({ who, value, ratio }, index) => {
      const top = y + HEAD + index * LINE;
      const width = Math.max((value / most) * MOST_BAR, 1);
      const color = who.startsWith('this gateway') ? OURS : who.startsWith('bare ') ? LIMIT : PEER;
      const compared = Number.isFinite(ratio) ? ` (${formatNumber(ratio)})` : '';
      return [
        text(BARS_AT - 8, top + 11, escape(who), 'text-anchor="end"'),
        `<rect x="${BARS_AT}" y="${top}" width="${width.toFixed(1)}" height="${BAR}" rx="2" fill="${color}"/>`,
        text(BARS_AT + width + 6, top + 11, `${formatNumber(value)}${compared}`),
      ];
    }),
  ].join('\n');
}

function text(x: number, y: number, content: string, attributes = ''): string {
  return `<text x="${x.toFixed(1)}" y="${y}"${attributes && ` ${attributes}`}>${content}</text>`;
}

function escape(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
