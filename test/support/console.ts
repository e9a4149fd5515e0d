// Writing to the console fails the test that does it.
import { afterEach, beforeEach, expect, jest } from '@jest/globals';

const methods = ['debug', 'info', 'log', 'warn', 'error'] as const;

beforeEach(() => {
  for (const method of methods) jest.spyOn(console, method).mockImplementation(() => {});
});

afterEach(() => {
  const written = methods.flatMap((method) => jest.mocked(console[method]).mock.calls);
  jest.restoreAllMocks();
  expect(written).toEqual([]);
});
