// What the bench is told on the command line.
import { parseArgs } from 'node:util';

export interface Options {
  /** One row only; undefined = all of them. */
  row: string | undefined;
  quick: boolean;
  profile: boolean;
}

/** @throws Error that says which options and rows there are. */
export function readOptions(args: readonly string[], rows: readonly string[]): Options {
  const { row, quick, profile } = parse(args);
  if (row !== undefined && !rows.includes(row))
    throw new Error(`There is no row ${row}; the rows are: ${rows.join(', ')}.`);
  return { row, quick, profile };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        row: { type: 'string' },
        quick: { type: 'boolean', default: false },
        profile: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    // What Node says after its first sentence is advice about positional arguments.
    const [wrong] = (error instanceof Error ? error.message : String(error)).split('. ');
    throw new Error(`${wrong?.replace(/\.$/, '')}. The options are: --row <name>, --quick, --profile.`, {
      cause: error,
    });
  }
}
