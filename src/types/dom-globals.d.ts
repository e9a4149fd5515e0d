// The Graph client's declarations name two globals of browsers that Node's types do not have.
type HeadersInit = NonNullable<ConstructorParameters<typeof Headers>[0]>;
type RequestInfo = string | URL | Request;
