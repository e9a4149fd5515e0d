// The national clouds of Graph: where each is, who signs tokens for it, and what it lacks.

interface Cloud {
  baseUrl: string;
  /** Where tokens come from. */
  authority: string;
  /** The versions of Graph in which participants can be invited to calls. */
  callVersions: readonly string[];
}

export type CloudName = 'global' | 'usgov' | 'usgovdod' | 'china';

export const clouds: { readonly [Name in CloudName]: Cloud } = {
  global: {
    baseUrl: 'https://graph.microsoft.com',
    authority: 'https://login.microsoftonline.com',
    callVersions: ['v1.0', 'beta'],
  },
  usgov: {
    baseUrl: 'https://graph.microsoft.us',
    authority: 'https://login.microsoftonline.us',
    callVersions: ['v1.0'],
  },
  usgovdod: {
    baseUrl: 'https://dod-graph.microsoft.us',
    authority: 'https://login.microsoftonline.us',
    callVersions: ['v1.0'],
  },
  china: {
    baseUrl: 'https://microsoftgraph.chinacloudapi.cn',
    authority: 'https://login.chinacloudapi.cn',
    callVersions: [],
  },
};
