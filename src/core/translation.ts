import type { Dialect } from './dialect.ts';
import type { ProxiedRequest, Target } from './exchange.ts';
import type { Failure, Reply } from './outcome.ts';

/** A call carried over into another wire format. */
export interface Translation {
  /** The request as the target gets it. */
  readonly request: ProxiedRequest;
  /** Wire format of the target: what judges its answers before they are translated. */
  readonly dialect: Dialect;
  /** The limit of output tokens that was put in because the target's format wants one and the caller gave none. */
  readonly maxTokens: number | undefined;
  /**
   * The target's answer in the caller's format; it stays the same answer to whoever keeps account of them. A failure where
   * it cannot be carried over, or broke off before it was whole. Never throws.
   */
  answer(reply: Reply): Promise<Reply | Failure>;
}

/** What a translation may need beside the request. */
export interface TranslationTerms {
  /** The limit of output tokens for a caller who gave none. */
  readonly maxTokens: number;
}

/**
 * Carries a request over from one wire format to another. A text says what of it has no exact counterpart; undefined where
 * nothing translates between the two.
 */
export type Translate = (
  request: ProxiedRequest,
  target: Target,
  formats: { readonly from: Dialect; readonly to: Dialect },
  terms: TranslationTerms,
) => Translation | string | undefined;
