/** TLS options, as `node:tls` takes them; PEM. */
export interface TlsOptions {
  readonly ca?: string | Buffer
  readonly cert?: string | Buffer
  readonly key?: string | Buffer
  /** Name to verify the server's certificate against, where it differs from the host. */
  readonly servername?: string
  readonly rejectUnauthorized?: boolean
}

/** Where an API server is and how to authenticate to it. */
export interface Connection {
  /** URL, with a path prefix where the server has one. */
  readonly server: string
  /** The namespace that the kubeconfig's context, or the pod, names. */
  readonly namespace?: string
  /** HTTP proxy to go through. */
  readonly proxyUrl?: string
  /** The same object as long as nothing changed; a new one makes the client open new connections. */
  tls(): Promise<TlsOptions>
  /** Headers that authenticate a request; asked before every request, so it must be cheap when nothing expired. */
  headers(): Promise<Readonly<Record<string, string>>>
  /** The server answered 401: forget what is cached. Absent where there is nothing to fetch again. */
  refresh?(): Promise<void>
}

/** Plain connection settings; certificates and key in PEM. */
export interface StaticConnection {
  readonly server: string
  readonly ca?: string | Buffer
  readonly cert?: string | Buffer
  readonly key?: string | Buffer
  readonly token?: string
  readonly namespace?: string
  readonly servername?: string
}

/** A connection from values that do not change. */
export function staticConnection(values: StaticConnection): Connection {
  const { server, token, namespace, ca, cert, key, servername } = values
  const tls: TlsOptions = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(servername === undefined ? {} : { servername }),
  }
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return {
    server,
    ...(namespace === undefined ? {} : { namespace }),
    tls: async () => tls,
    headers: async () => headers,
  }
}
