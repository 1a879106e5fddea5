// Made by npm run types, of hookproof/report/report.schema.json.

export type Count = number;
export type Millis = number;

/**
 * What a run came to. Times are in milliseconds, with fractions.
 */
export interface Report {
  outcome: "passed" | "failed" | "incomplete";
  /**
   * The outcome, of how many checks, and the families that were not judged.
   */
  headline?: string;
  /**
   * Families of which not all was judged.
   */
  notJudged?: {
    family: string;
    notJudged: Count;
    checks: Count;
  }[];
  /**
   * What the target file could be given, in this order, and how many more checks could be judged then.
   */
  next?: {
    /**
     * @minItems 1
     */
    keys: [string, ...string[]];
    checks: Count;
  }[];
  /**
   * What to do next, in a sentence. Absent where nothing would let more be judged.
   */
  advice?: string;
  counts: {
    pass: Count;
    fail: Count;
    /**
     * Failures that the baseline has. Absent where there is none.
     */
    known?: number;
    info: Count;
    notRun: Count;
  };
  /**
   * Of the failures: those that no other failure explains. Absent where nothing failed.
   */
  causes?: number;
  /**
   * Of this form.
   */
  version: 1;
  /**
   * Its URL.
   */
  target: string;
  /**
   * How the run was called, up to what chooses checks and seed; no secret is in it.
   */
  command: string;
  profile: string;
  seed: number;
  began: string;
  tookMs: Millis;
  /**
   * Of effects behind their ACKs.
   */
  lagMs: number;
  /**
   * Most copies in flight at once.
   */
  overlap: number;
  /**
   * Messages between target and database at which something was cut.
   */
  struck: number;
  deliveries: Count;
  hookCalls: Count;
  /**
   * Stripe's types of the events that were sent.
   */
  sent?: string[];
  /**
   * A payment was acknowledged and changed no state, so no effect could be judged.
   */
  noEffect?: boolean;
  /**
   * What the run took for granted, such as an amount that the target file does not give.
   */
  notes?: string[];
  /**
   * What is left to do when the run has ended. Absent where nothing is.
   */
  afterwards?: string;
  /**
   * What the failures were compared with. Absent where they were not.
   */
  baseline?: {
    /**
     * Its path, as it was given.
     */
    file: string;
    /**
     * Known checks that were judged and did not fail.
     */
    gone?: {
      check: string;
      life?: string;
    }[];
    /**
     * Known checks that were not judged in this run.
     */
    notJudged?: number;
  };
  phases: {
    /**
     * The life that was judged in it, where the target names lives.
     */
    life?: string;
    phase: string;
    tookMs: Millis;
  }[];
  findings: Finding[];
}
export interface Finding {
  /**
   * Family and what it is about.
   */
  check: string;
  /**
   * The life that it is about, by its name in the target file. One check can be asked of several.
   */
  life?: string;
  demand: string;
  /**
   * Who demands it.
   */
  source?: string;
  /**
   * known: it failed, and the baseline has it.
   */
  verdict: "pass" | "fail" | "known" | "info" | "not-run";
  /**
   * What was wrong, or why it was not run.
   */
  why?: string;
  /**
   * Why it was not run. Of all but the first two the run is incomplete.
   */
  reason?: "no-hook" | "nothing-to-ask" | "no-evidence" | "over-budget" | "run-ended";
  /**
   * Hooks that it needs and the target does not offer.
   */
  missing?: string[];
  /**
   * Relations of the check that were not run, each with why: the verdict is of the others.
   */
  notRun?: string[];
  /**
   * What is worth knowing of relations of the check whose answer is no fault: the verdict is of the others.
   */
  infos?: string[];
  /**
   * The failed check that explains this failure: to fix that fixes this.
   */
  because?: string;
  /**
   * The one that was broken.
   */
  relation?: string;
  /**
   * What phrases in why, relation and schedule stand for: the words of several events, one after the other.
   */
  phrases?: string[];
  /**
   * The shortest one that shows it, unless shrinkStopped says why it may not be.
   */
  schedule?: string;
  /**
   * Why there may be a shorter schedule: the search for one ended first.
   */
  shrinkStopped?: string;
  /**
   * State, by JSON pointers.
   */
  expected?: {
    [k: string]: unknown | undefined;
  };
  /**
   * State, by JSON pointers.
   */
  actual?: {
    [k: string]: unknown | undefined;
  };
  timeline?: Sent[];
  /**
   * What was in the deliveries of the timeline, once each.
   */
  requests?: Request[];
  /**
   * Checks that sent it, where this one has sent nothing of its own: it is rerun with them.
   */
  rerunWith?: string[];
  /**
   * Public reports of the same fault, as owner/repository#number.
   */
  reports?: string[];
  fix?: string;
  /**
   * What a breach costs.
   */
  importance?: string;
  /**
   * How many were decided.
   */
  relations: number;
  /**
   * Of a failure: all of this for people, with the command that runs it again.
   */
  text?: string;
  tookMs: Millis;
}
export interface Sent {
  /**
   * Since the schedule's first delivery.
   */
  atMs: number;
  /**
   * Its name; empty where the row is no delivery but a fault, or what was done.
   */
  event: string;
  /**
   * Stripe's type of the event.
   */
  type?: string;
  id: string;
  /**
   * How it was signed.
   */
  sign: string;
  /**
   * 0: no answer.
   */
  status: number;
  error?: string;
  latencyMs: Millis;
  /**
   * Which of the finding's requests it was, from 1.
   */
  request?: number;
  /**
   * What befell the target meanwhile.
   */
  fault?: string;
  /**
   * What was done between deliveries, and is no fault.
   */
  done?: string;
}
export interface Request {
  /**
   * Its number in the finding, and its event.
   */
  name: string;
  url: string;
  /**
   * How it was signed.
   */
  sign: string;
  /**
   * Stripe's type of the event.
   */
  type?: string;
  /**
   * Stripe-Signature, as sent first.
   */
  header?: string;
  /**
   * As it was sent, byte for byte, unless masked.
   */
  body: string;
  /**
   * A secret in the body is written as •••.
   */
  masked?: boolean;
  /**
   * The end of the body is left out, as the MCP server does where it is long. curl has all of it.
   */
  shortened?: boolean;
  /**
   * A command for a POSIX shell that sends the same, signed now in the same way, with the secret that is in HOOKPROOF_SECRET.
   */
  curl: string;
}
