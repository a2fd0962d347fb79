/** Structured fields of a log line. */
export type LogFields = Readonly<Record<string, unknown>>

/** A structured logger; a pino logger is one. Errors go through `logSafe` (errors.ts) before they become a field. */
export interface Logger {
  debug(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
  /** The same logger with fields that each line then holds. */
  child(fields: Record<string, unknown>): Logger
}

/** Writes nothing. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
}
