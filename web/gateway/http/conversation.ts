import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Problem } from '../problems/problem.ts'
import { closeGently, isClosing } from './closing.ts'
import { announcesBody, framingFault } from './framing.ts'

/** A request and its answer. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

const maxWaiting = 16
const faults = new WeakMap<IncomingMessage, Problem>()

/** Why this request must be refused, whatever it asks for. */
export const faultOf = (request: IncomingMessage): Problem | undefined => faults.get(request)

/**
 * One connection: its requests one after the other. Node would hand over all that have arrived, side by side; then a
 * request behind a refused one, which nobody may have meant to be a request, would run before the refusal closes the
 * connection.
 *
 * The connection is closed after an answer that did not wait for the whole body, and after a request whose framing is
 * in doubt.
 */
export class Conversation {
  readonly #socket: Socket
  readonly #lingerMs: number
  readonly #handle: (exchange: Exchange) => void
  readonly #waiting: Exchange[] = []
  #current: Exchange | undefined
  #over = false
  #untakenMs = 0

  constructor(socket: Socket, lingerMs: number, handle: (exchange: Exchange) => void) {
    this.#socket = socket
    this.#lingerMs = lingerMs
    this.#handle = handle
    const destroySoon = socket.destroySoon.bind(socket)
    // Node calls this after the last answer.
    socket.destroySoon = () => {
      if (this.#current?.request.complete === false) closeGently(socket, lingerMs)
      else destroySoon()
    }
  }

  receive(exchange: Exchange): void {
    if (this.#over || isClosing(this.#socket)) return
    if (this.#current === undefined) this.#begin(exchange)
    else if (this.#waiting.push(exchange) > maxWaiting) this.#socket.destroy()
  }

  /** Ends it with these last words where they can be no answer to another request, and without where they could. */
  breakOff(lastWords: string): void {
    const { request, response } = this.#current ?? {}
    // A refusal is on its way already, and is the last answer.
    if (request !== undefined && faults.has(request)) return
    this.#over = true
    const wasHeard = request?.complete === true || response?.headersSent === true
    if (wasHeard || this.#waiting.length > 0) this.#socket.destroy()
    else closeGently(this.#socket, this.#lingerMs, lastWords)
  }

  /**
   * To be called every `passedMs`: ends it where an answer waits for the client to take it for longer than `takeMs`.
   * Node's own time-outs are put off by whatever the client sends meanwhile.
   */
  check(passedMs: number, takeMs: number): void {
    const response = this.#current?.response
    const ended = response?.writableEnded === true && !response.writableFinished
    this.#untakenMs = ended || response?.writableNeedDrain === true ? this.#untakenMs + passedMs : 0
    if (this.#untakenMs > takeMs) this.#socket.destroy()
  }

  #begin(exchange: Exchange): void {
    const { request, response } = exchange
    this.#current = exchange
    const fault = framingFault(request)
    if (fault !== undefined) {
      faults.set(request, fault)
      this.#over = true
    }
    if (fault !== undefined || announcesBody(request)) {
      const { shouldKeepAlive } = response
      response.shouldKeepAlive = false
      request.once('end', () => {
        if (fault === undefined && !response.headersSent) response.shouldKeepAlive = shouldKeepAlive
      })
    }
    response.once('close', () => this.#next())
    this.#handle(exchange)
  }

  #next(): void {
    this.#current = undefined
    const next = this.#waiting.shift()
    if (next !== undefined && !this.#over && this.#socket.writable) this.#begin(next)
  }
}
