// Declarations of Microsoft's libraries name globals of browsers that Node's types do not have.
type HeadersInit = NonNullable<ConstructorParameters<typeof Headers>[0]>;
type RequestInfo = string | URL | Request;
type JsonWebKey = import('node:crypto').webcrypto.JsonWebKey;
