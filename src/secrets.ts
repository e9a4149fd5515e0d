// What no line of the log may hold, and how it is struck out.

const GONE = '…';

/** Errors of JavaScript and of graphql-js quote the values that they failed on. */
const QUOTING_NAMES = new Set(['GraphQLError', 'SyntaxError', 'TypeError', 'RangeError', 'URIError']);
/** So do PostgreSQL's errors about data, by their class. */
const QUOTING_CODE = /^22\w{3}$/;
/** Where the quotation begins. */
const QUOTATION = /(["`]|: |Received |from )[^]*$/;

/** @returns the message of an error without what it quotes. */
export function withoutQuotations({ name, message, code }: Error & { code?: unknown }): string {
  const isQuoting = QUOTING_NAMES.has(name) || QUOTING_CODE.test(String(code));
  return isQuoting ? message.replace(QUOTATION, GONE) : message;
}

/** Tokens, e-mail addresses, and of addresses in the net the password and whatever follows the path: redeem URLs have their ticket there. */
const SECRETS: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/\bBearer\s+[^\s"',;]+/gi, `Bearer ${GONE}`],
  [/eyJ[\w-]{8,}(\.[\w-]+)*/g, GONE],
  [/(:\/\/)[^\s/"']*@/g, `$1${GONE}@`],
  [/\?[\w$.%-]+=[^\s"']*/g, `?${GONE}`],
];

/** Whatever stands together that e-mail addresses are made of. */
const WORD = /[\p{L}\p{M}\p{N}._%+'~#@-]+/gu;
/** Up to the last address in it. Only tried where the word begins: tried at each letter, a long word would take hours. */
const ADDRESS = /^.+(@|%40)([\p{L}\p{M}\p{N}-]+\.)+[\p{L}\p{M}\p{N}-]*\p{L}[\p{L}\p{M}\p{N}-]*/u;

/** @returns the text without secrets that can be told by their looks, wherever they came from. */
export function strikeOut(text: string): string {
  const rest = SECRETS.reduce((left, [pattern, instead]) => left.replace(pattern, instead), text);
  return rest.replace(WORD, (word) => word.replace(ADDRESS, GONE));
}
