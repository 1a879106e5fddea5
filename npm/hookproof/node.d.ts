import type { Finding, Report } from './report.js';
import type { Target } from './target.js';

export type { Finding, Report, Target };

/** The flags of `hookproof check`; give either `target`, or `url` with `secret`. */
export interface Options {
  /** A target file: the endpoint, and how to make an object and read its state. */
  target?: string;
  /** Where deliveries go. */
  url?: string;
  /** The signing secret that the endpoint verifies with; without it, HOOKPROOF_SECRET. */
  secret?: string;
  /** The secret that is being rotated out and is still good. */
  previousSecret?: string;
  /** Whether the endpoint takes live events for its own. */
  livemode?: boolean;
  /** The API version of the events, if the endpoint refuses others. */
  apiVersion?: string;
  /** Hosts of yours that are neither on this machine nor in a private network. */
  allowHost?: string | string[];
  /** Judge only these checks or families. */
  only?: string | string[];
  /** Leave these checks or families out. */
  skip?: string | string[];
  /** Judge only these lives of the target file. */
  life?: string | string[];
  /** Of random choices; each report has its own. */
  seed?: number | bigint;
  /** `stripe` demands only what Stripe's documentation does. The default is `strict`. */
  profile?: 'strict' | 'stripe';
  /** Every order of longer lives, and no limit of time. */
  thorough?: boolean;
  /** How long the run may take, such as `3m`. The default is `1m`. */
  budget?: string;
  /** How many hook calls the run may make; 0 is no limit. */
  hookCalls?: number | bigint;
  /** A file of the checks that are known to fail; they are skipped. */
  baseline?: string;
  /** Files to write the report to. */
  json?: string;
  junit?: string;
  html?: string;
  /** A folder to write what was sent for each finding to. */
  bodies?: string;
}

/**
 * Judges an endpoint and registers a test for each check, in node:test or in Vitest. Call it at the top of a test file:
 *
 *     await hookproof({ target: 'hookproof.json' });
 *
 * It resolves to the report, or to undefined if there is none, which is a test that fails. A wrong option is a TypeError.
 */
export function hookproof(options: Options): Promise<Report | undefined>;
