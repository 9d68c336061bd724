import { decodePoint, decodeText } from '../../../devices/codec.ts';
import type { DeviceMap, Profile, RegisterSpace, ResolvedPoint } from '../../../devices/profile.ts';
import { resolveProfile } from '../../../devices/resolve.ts';
import { type SunspecChain, walkChain } from '../../../devices/sunspec/chain.ts';
import { SURVEYED } from '../../../devices/sunspec/survey.ts';
import type { Device } from '../../contracts/values/site.ts';
import type { Log } from '../../ports.ts';
import type { Priority } from '../bus/queue.ts';
import type { BusHandle, BusResult } from '../bus/types.ts';
import { planBlocks, type ReadRequest, readRequest } from './plan.ts';
import { isPermanent } from './polled.ts';

type Answer = BusResult & { readonly ok: true };

/** Registers that do not change as long as the device does not, as it answered them. */
interface Constant {
  readonly space: RegisterSpace;
  readonly request: ReadRequest;
  readonly answer: Answer;
}

/** What came of a look: known as before, known anew, no answer yet, or not what it should be. */
export type Outcome = 'same' | 'new' | 'later' | 'refused';

/** Looks in a row in which a device has to give the same other serial number. */
const STRANGER_LOOKS = 2;

export interface RecognitionOptions {
  readonly device: Device;
  readonly profile: Profile;
  readonly handle: BusHandle;
  readonly log: Log;
  /** @param moved what was kept before does not count any more */
  readonly keep: (constants: readonly Constant[], moved: boolean) => void;
}

/**
 * Who a device is and where its registers lie. A SunSpec device is walked once; from then on one
 * read of its marker, its common model and the header behind it (the card) shows that it is the
 * same one with the same firmware, so that a lost connection costs a request and not a walk.
 */
export class Recognition {
  map: DeviceMap | undefined;
  isForeign = false; // another serial number than the one bound, or than the one met first
  isDoubted = false; // it answered otherwise than it did, and was not recognised since
  private readonly options: RecognitionOptions;
  private laidOut = ''; // where the models of its chain stood
  private card: Constant | undefined;
  private serial: string | undefined;
  private stranger: { readonly serial: string; readonly looks: number } | undefined;
  private told = '';

  constructor(options: RecognitionOptions) {
    this.options = options;
    this.serial = options.device.serial;
  }

  /** Has it a card that one read can compare? */
  get hasCard(): boolean {
    return this.card !== undefined && this.map !== undefined;
  }

  /** One read: the same words, or the whole look follows. */
  async glance(): Promise<Outcome> {
    const { card } = this;
    if (card === undefined) return this.look('control');
    const result = await this.options.handle.request(card.request, 'control');
    if (!result.ok && result.why !== 'exception') return 'later';
    const before = card.answer.words;
    if (result.ok && before.every((word, index) => word === result.words[index])) return 'same';
    this.isDoubted ||= result.ok || isPermanent(result.exception);
    return this.look('control');
  }

  /** Model chain where there is one, then identity. */
  async look(priority: Priority): Promise<Outcome> {
    const { profile } = this.options;
    let chain: SunspecChain | undefined;
    let { map } = this;
    if (profile.kind === 'sunspec') {
      const walked = await this.walk(priority);
      if (walked === 'later') return 'later';
      // One that was known is asked again soon: its values are missing meanwhile.
      if (typeof walked === 'string') return map === undefined ? this.refuse(walked) : 'later';
      chain = walked;
      // Another firmware or register map may have moved everything while the wire was down.
      if (this.laidOut !== layoutOf(chain)) map = undefined;
    }
    if (map === undefined) {
      try {
        map = resolveProfile(profile, chain);
      } catch (error) {
        return this.refuse(error instanceof Error ? error.message : String(error));
      }
    }
    if (!(await this.identify(map, chain, priority))) return 'later';
    this.isDoubted = false;
    if (this.map === map) return 'same';
    this.map = map;
    this.told = '';
    this.meet(chain);
    return 'new';
  }

  private refuse(why: string): 'refused' {
    if (this.told !== why) this.options.log.error(`device ${this.options.device.id}: ${why}`);
    this.told = why;
    this.isDoubted = true;
    return 'refused';
  }

  private async walk(priority: Priority): Promise<SunspecChain | 'later' | string> {
    const { profile, handle, keep } = this.options;
    const isAuto = profile.kind === 'sunspec' && profile.auto === true;
    const seen: Constant[] = [];
    const walk = walkChain(isAuto ? SURVEYED : undefined);
    let step = walk.next();
    while ('read' in step) {
      const request = { fc: 3, ...step.read } as const;
      const answer = await handle.request(request, priority);
      if (!answer.ok && answer.why !== 'exception') return 'later';
      if (answer.ok) seen.push({ space: 'holding', request, answer });
      step = walk.next(answer.ok ? answer.words : undefined);
    }
    if (!('chain' in step)) return step.error;
    keep(seen, this.laidOut !== layoutOf(step.chain));
    return step.chain;
  }

  private meet(chain: SunspecChain | undefined): void {
    if (chain === undefined) return;
    const { log, device } = this.options;
    this.laidOut = layoutOf(chain);
    log.info(`device ${device.id}: SunSpec models ${chain.models.map(({ id }) => id).join(', ')}`);
    for (const line of chain.odd ?? []) log.warn(`device ${device.id}: ${line}`);
  }

  /**
   * Reads who the device is; the words are also what proves the line after a resynchronisation.
   * @returns false when it does not answer
   */
  private async identify(
    map: DeviceMap,
    chain: SunspecChain | undefined,
    priority: Priority,
  ): Promise<boolean> {
    const { profile, handle, keep } = this.options;
    let proven = false;
    if (chain !== undefined) {
      handle.prove({ fc: 3, at: chain.base, count: 2 }, [0x5375, 0x6e53]);
      proven = true;
      if (!(await this.readCard(map, chain, priority))) return false;
    }
    for (const key of profile.identity) {
      const point = map.points[key];
      if (point === undefined) continue;
      let words = this.onCard(point);
      if (words === undefined) {
        const request = readRequest(point.space, { at: point.at, count: point.count });
        const answer = await handle.request(request, priority);
        if (!answer.ok && answer.why !== 'exception') return false;
        if (!answer.ok) continue;
        words = answer.words;
        keep([{ space: point.space, request, answer }], false);
        if (!proven) handle.prove(request, words);
        proven = true;
      }
      if (key === 'serial' && !this.isCertain(serialOf(map, point, words))) return false;
    }
    if (!proven && this.map === undefined) this.proveByShape(map);
    return true;
  }

  /** Marker, first model and the header behind it, in one read where the device gives them so. */
  private async readCard(map: DeviceMap, chain: SunspecChain, priority: Priority) {
    const length = chain.models[0]?.length ?? 0;
    const count = Math.min(length + 6, map.limits.maxRegistersPerRead);
    const request = { fc: 3, at: chain.base, count } as const;
    const answer = await this.options.handle.request(request, priority);
    this.card = answer.ok ? { space: 'holding', request, answer } : undefined;
    if (this.card !== undefined) this.options.keep([this.card], false);
    return answer.ok || answer.why === 'exception';
  }

  private onCard({ space, at, count }: ResolvedPoint): readonly number[] | undefined {
    const { card } = this;
    if (card === undefined || space !== card.space) return undefined;
    const from = at - card.request.at;
    const words = card.answer.words.slice(Math.max(from, 0), from + count);
    return from >= 0 && words.length === count ? words : undefined;
  }

  /**
   * Whose serial number this is. Another one than the one bound counts when it was read twice in
   * a row: a line out of step answers with what was asked before.
   * @returns false while it is to be read again
   */
  private isCertain(serial: string | undefined): boolean {
    if (serial === undefined || serial === '') return true;
    this.serial ??= serial;
    const { device, log } = this.options;
    if (this.serial === serial) {
      if (this.isForeign) log.info(`device ${device.id}: serial ${serial} answers again`);
      this.stranger = undefined;
      this.isForeign = false;
      return true;
    }
    const looks = this.stranger?.serial === serial ? this.stranger.looks + 1 : 1;
    this.stranger = { serial, looks };
    this.isDoubted = true;
    if (looks < STRANGER_LOOKS && !this.isForeign) {
      this.card = undefined; // no glance takes the stranger's for the one before
      return false;
    }
    if (!this.isForeign) {
      const bound = `${this.serial} ${device.serial === undefined ? 'did before' : 'is bound'}`;
      const text = `serial ${serial} answers, ${bound}; it is only observed until confirmed`;
      log.error(`device ${device.id}: ${text}`);
    }
    this.isForeign = true;
    return true;
  }

  /** No constant register is known: at least the proof looks different from what is polled. */
  private proveByShape(map: DeviceMap): void {
    const [block] = planBlocks(map, { varyShape: false });
    const item = block?.items.find((one) => one.end - one.at !== block.spans[0].count);
    if (block === undefined || item === undefined) return;
    const span = { at: item.at, count: item.end - item.at };
    this.options.handle.prove(readRequest(block.space, span));
  }
}

/** As text or as a number; undefined where the device does not tell. */
const serialOf = (map: DeviceMap, point: ResolvedPoint, words: readonly number[]) =>
  point.as === 'str' ? decodeText(point, words, 0) : decodePoint(map, point, words, 0)?.toString();

const layoutOf = (chain: SunspecChain): string =>
  chain.models.map(({ id, at, length }) => `${id}@${at}+${length}`).join(' ');
