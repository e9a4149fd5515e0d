// The results as bars: an SVG on a ground of its own, so that it reads on light pages and dark ones alike.
import { formatNumber, type RowResult } from './report.ts';

const WIDTH = 880;
const MARGIN = 24;
const NAME_WIDTH = 200;
const VALUE_WIDTH = 150;
const BAR = 14;
const LINE = 20;
const HEAD = 40;
const GAP = 14;
const BARS_AT = MARGIN + NAME_WIDTH;
const MOST_BAR = WIDTH - BARS_AT - VALUE_WIDTH - MARGIN;

const OURS = '#2563eb';
const PEER = '#94a3b8';
const LIMIT = '#d5dbe3';
const verdictColors = { met: '#15803d', missed: '#b45309', void: '#b91c1c' };

/** @returns one block per row, bars in linear scale from zero; those of a void row are left out. */
export function renderPlot(results: readonly RowResult[]): string {
  let y = MARGIN;
  const blocks = results.map((result) => {
    const block = renderBlock(result, y);
    y += HEAD + linesOf(result).length * LINE + GAP;
    return block;
  });
  const height = y - GAP + MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Results of the bench" font-family="system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="12" fill="#1f2937">`,
    `<rect x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8" fill="#ffffff" stroke="#cbd5e1"/>`,
    ...blocks,
    '</svg>',
    '',
  ].join('\n');
}

function linesOf({ verdict, lines }: RowResult): RowResult['lines'] {
  return verdict === 'void' ? [] : lines;
}

function renderBlock(result: RowResult, y: number): string {
  const { title, unit, better, target, verdict } = result;
  const lines = linesOf(result);
  const most = Math.max(...lines.map(({ value }) => value), Number.MIN_VALUE);
  const right = WIDTH - MARGIN;
  return [
    text(MARGIN, y + 12, title, 'font-weight="600" font-size="13"'),
    text(right, y + 12, verdict, `text-anchor="end" font-weight="600" fill="${verdictColors[verdict]}"`),
    text(MARGIN, y + 28, `${unit}, ${better} is better; target: ${target}`, 'fill="#64748b" font-size="11"'),
    ...lines.flatMap(({ who, value, ratio }, index) => {
      const top = y + HEAD + index * LINE;
      const width = Math.max((value / most) * MOST_BAR, 1);
      const color = who.startsWith('this gateway') ? OURS : who.startsWith('bare ') ? LIMIT : PEER;
      const compared = lines.length > 1 && Number.isFinite(ratio) ? `  (${formatNumber(ratio)})` : '';
      return [
        text(BARS_AT - 8, top + 11, who, 'text-anchor="end"'),
        `<rect x="${BARS_AT}" y="${top}" width="${width.toFixed(1)}" height="${BAR}" rx="2" fill="${color}"/>`,
        text(BARS_AT + width + 6, top + 11, `${formatNumber(value)}${compared}`),
      ];
    }),
  ].join('\n');
}

function text(x: number, y: number, content: string, attributes = ''): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x.toFixed(1)}" y="${y}" xml:space="preserve"${attributes && ` ${attributes}`}>${escaped}</text>`;
}
