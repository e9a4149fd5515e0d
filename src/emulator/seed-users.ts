/** The people who work at the emulated tenant before anybody is invited. */
import type { DirectoryUser } from './directory.ts';
import type { RandomIds } from './random-ids.ts';

const PEOPLE: [givenName: string, surname: string, jobTitle: string, department: string][] = [
  ['Adele', 'Vance', 'Retail Manager', 'Retail'],
  ['Alex', 'Wilber', 'Marketing Assistant', 'Marketing'],
  ['Diego', 'Siciliani', 'HR Manager', 'HR'],
  ['Grady', 'Archie', 'Designer', 'R&D'],
  ['Isaiah', 'Langer', 'Web Marketing Manager', 'Sales'],
  ['Megan', 'Bowen', 'Marketing Manager', 'Marketing'],
];

/** The same people, under the same ids, for the same seed and domain. */
export function createSeedUsers(ids: RandomIds, tenantDomain: string): DirectoryUser[] {
  return PEOPLE.map(([givenName, surname, jobTitle, department], index) => {
    const mailNickname = `${givenName}${surname.charAt(0)}`;
    const mail = `${mailNickname}@${tenantDomain}`;
    return {
      id: ids.idOf(mail),
      displayName: `${givenName} ${surname}`,
      mail,
      userPrincipalName: mail,
      userType: 'Member',
      creationType: null,
      accountEnabled: true,
      createdDateTime: '2024-01-15T08:00:00Z',
      externalUserState: null,
      externalUserStateChangeDateTime: null,
      otherMails: [],
      proxyAddresses: [`SMTP:${mail}`],
      businessPhones: [`+1 425 555 010${index}`],
      givenName,
      surname,
      jobTitle,
      department,
      officeLocation: `18/21${index}0`,
      mobilePhone: null,
      preferredLanguage: 'en-US',
      usageLocation: 'US',
      companyName: 'Contoso',
      mailNickname,
      identities: [{ signInType: 'userPrincipalName', issuer: tenantDomain, issuerAssignedId: mail }],
      sponsors: [],
    };
  });
}
