import type { SignedDirective } from './directive.ts';
import type { Image } from './image.ts';
import type { OverrideAnswer } from './override.ts';
import type { Intent } from './plan.ts';
import type { TelemetryRecord } from './record.ts';
import type { TrialAnswer } from './trial.ts';

/**
 * Frames between guard and agent: 4-byte big-endian length, then UTF-8 JSON, at most 64 KB. The
 * image is a latest-value slot (the next goes out when the last is acknowledged), records are a
 * bounded log that is kept until acknowledged, the intent is the agent's slot.
 */
export type GuardFrame =
  | { readonly t: 'image'; readonly image: Image }
  // what was polled of a mirrored device since the last one
  | { readonly t: 'mirror'; readonly device: string; readonly spans: readonly MirrorSpan[] }
  | { readonly t: 'records'; readonly records: readonly TelemetryRecord[] }
  // answer to a 'pass': a Modbus PDU
  | { readonly t: 'passed'; readonly id: number; readonly bytes: readonly number[] }
  // answer to a 'trial'
  | { readonly t: 'tried'; readonly id: number; readonly answer: TrialAnswer }
  // answer to an 'override'
  | { readonly t: 'overridden'; readonly id: number; readonly answer: OverrideAnswer }
  | { readonly t: 'stopping' };

export type AgentFrame =
  | { readonly t: 'image-ack'; readonly cycle: number }
  // all up to seq are on disk
  | { readonly t: 'records-ack'; readonly epoch: number; readonly seq: number }
  | { readonly t: 'intent'; readonly intent: Intent }
  | { readonly t: 'directive'; readonly directive: SignedDirective }
  // devices released, and a new start of the gateway
  | { readonly t: 'restart' }
  // another master's request for a device: a Modbus PDU
  | {
      readonly t: 'pass';
      readonly id: number;
      readonly device: string;
      readonly local?: true; // a person's at this machine: reads only, of every device
      readonly from?: string; // address of the master, for the record of its writes
      readonly bytes: readonly number[];
    }
  // the commissioning command; the guard checks what it asks
  | { readonly t: 'trial'; readonly id: number; readonly request: unknown }
  // a person's order, or the question what is in force; the guard checks what it asks
  | { readonly t: 'override'; readonly id: number; readonly request?: unknown }
  | { readonly t: 'alive' };

/** Registers of one read, or bits as 0 and 1, as the device answered. */
export interface MirrorSpan {
  readonly space: 'holding' | 'input' | 'coil' | 'discrete';
  readonly at: number;
  readonly words: readonly number[];
  readonly atMs: number; // of the request, on the guard's monotonic clock
  readonly freshMs: number; // counts as known for so long
}

export const FRAME_BYTES_MAX = 65_536;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** @throws RangeError when the frame is larger than 64 KB */
export const encodeFrame = (frame: GuardFrame | AgentFrame): Uint8Array => encodeValue(frame);

/** Any JSON in the same frame. @throws RangeError when it is larger than 64 KB */
export function encodeValue(value: unknown): Uint8Array {
  const body = encoder.encode(JSON.stringify(value));
  if (body.length > FRAME_BYTES_MAX) throw new RangeError(`frame of ${body.length} bytes`);
  const bytes = new Uint8Array(4 + body.length);
  new DataView(bytes.buffer).setUint32(0, body.length);
  bytes.set(body, 4);
  return bytes;
}

/** One end of what joins guard and agent, as far as frames go. */
export interface FrameWay {
  send(bytes: Uint8Array): boolean;
  onBytes: ((bytes: Uint8Array) => void) | undefined;
  /**
   * Only where both halves live in one process: takes a frame as it is. It must not change after;
   * what comes so is heard in `onFrame`.
   */
  pass?(frame: GuardFrame | AgentFrame): boolean;
  onFrame?: ((frame: unknown) => void) | undefined;
}

/** @returns false when there is no room. @throws RangeError when the frame is larger than 64 KB */
export const sendFrame = (way: FrameWay, frame: GuardFrame | AgentFrame): boolean =>
  way.pass === undefined ? way.send(encodeFrame(frame)) : way.pass(frame);

/** Hears all frames from now on. @param broken what to do when bytes are none */
export function hearFrames(
  way: FrameWay,
  take: (frame: unknown) => void,
  broken: (error: unknown) => void,
): void {
  const reader = new FrameReader();
  way.onFrame = take;
  way.onBytes = (bytes) => {
    let frames: unknown[];
    try {
      frames = reader.push(bytes);
    } catch (error) {
      broken(error);
      return;
    }
    for (const frame of frames) take(frame);
  };
}

/** Cuts a byte stream into frames; anything malformed throws and the pipe must be closed. */
export class FrameReader {
  private held = new Uint8Array(0);
  private readonly mostBytes: number;

  constructor(mostBytes = FRAME_BYTES_MAX) {
    this.mostBytes = mostBytes;
  }

  push(chunk: Uint8Array): unknown[] {
    const bytes = new Uint8Array(this.held.length + chunk.length);
    bytes.set(this.held);
    bytes.set(chunk, this.held.length);
    const frames: unknown[] = [];
    let at = 0;
    while (bytes.length - at >= 4) {
      const length = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0);
      if (length > this.mostBytes) throw new RangeError(`frame of ${length} bytes`);
      if (bytes.length - at - 4 < length) break;
      frames.push(JSON.parse(decoder.decode(bytes.subarray(at + 4, at + 4 + length))));
      at += 4 + length;
    }
    this.held = bytes.slice(at);
    return frames;
  }
}
