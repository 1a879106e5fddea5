// Made by npm run types, of fixtures/schema/target.schema.json.

/**
 * Makes one fresh, unpaid object. {{new.id}} and {{new.NAME}}, for each id of the life such as {{new.sessionId}}, are values that hookproof invents.
 */
export type Subject = {
  command?: Command;
  http?: Http;
  /**
   * Names to JSON pointers into the answer, or to constants such as {"value": 4900}. Without it the answer's own members count.
   */
  pick?: {
    [k: string]:
      | string
      | {
          value: string | number;
        }
      | undefined;
  };
} & Subject1;
/**
 * An argument vector; no shell. It runs in the target file's directory.
 *
 * @minItems 1
 */
export type Command = [string, ...string[]];
export type Subject1 = {
  [k: string]: unknown | undefined;
};
/**
 * What the target says of a subject, its effects and not its deliveries: any JSON. {{name}} is the subject's value.
 */
export type State = {
  command?: Command;
  http?: Http;
  sql?: {
    /**
     * PostgreSQL, as postgres://….
     */
    dsn: string;
    /**
     * Its rows are the state. {{name}} is a parameter.
     */
    query: string;
  };
} & State1;
export type State1 = {
  [k: string]: unknown | undefined;
};
export type Pointer = string;
/**
 * Places of a state that say nothing: JSON pointers, of which * is any one part. The value is masked and its place is kept; a list that is named itself hides its length, too.
 */
export type Ignore = Pointer[];
/**
 * Event types that the target means to ignore.
 */
export type Unhandled = string[];
/**
 * Ends the target's process, by SIGTERM or harder. It need not wait until the process has ended. Nothing to do is no error.
 */
export type Stop = {
  command?: Command;
  http?: Http;
  /**
   * host:port on this machine: the process that listens there is ended.
   */
  listener?: string;
} & {
  [k: string]: unknown | undefined;
};
/**
 * Starts the target in the background and returns. It need not wait until the target listens. Nothing to do is no error.
 */
export type Start = {
  command?: Command;
  http?: Http;
  /**
   * A program that is started, unless something listens at the url, and left running.
   */
  background?: {
    command: Command;
    /**
     * Where it runs; the target file's directory without it.
     */
    directory?: string;
    /**
     * Environment variables that it has beside hookproof's own.
     */
    env?: {
      [k: string]: string | undefined;
    };
  };
} & {
  [k: string]: unknown | undefined;
};
/**
 * Makes the store unusable, where there is no connection to cut.
 */
export type Hook = {
  command?: Command;
  http?: Http;
} & {
  [k: string]: unknown | undefined;
};
/**
 * Makes it usable again.
 */
export type Hook1 = {
  command?: Command;
  http?: Http;
} & {
  [k: string]: unknown | undefined;
};

/**
 * An endpoint with the few facts needed to drive it. {{env.NAME}} in any string is the environment variable's value. docs/target.md tells more.
 */
export interface Target {
  $schema?: string;
  /**
   * Where deliveries go.
   */
  url: string;
  /**
   * The signing secret that the target verifies with.
   */
  secret: string;
  /**
   * A secret that is being rotated out and still good.
   */
  previousSecret?: string;
  /**
   * A connected account that the target knows, and the secret that signs the events of connected accounts.
   */
  connect?: {
    /**
     * The account's id.
     */
    account: string;
    /**
     * The signing secret of the endpoint for connected accounts.
     */
    secret: string;
  };
  /**
   * Whether the target takes live events for its own; false is test events.
   */
  livemode?: boolean;
  /**
   * The API version of the events that the target takes, where it takes no other, as stripe-go's ConstructEvent does. The default is 2023-10-16.
   */
  apiVersion?: string;
  /**
   * Headers of each delivery beside Stripe's, and of http hooks that ask the url's host. An app behind TLS may want X-Forwarded-Proto: https.
   */
  headers?: {
    [k: string]: string | undefined;
  };
  subject?: Subject;
  state?: State;
  /**
   * The stories of Stripe's that the endpoint takes part in, each judged in one run. subject, state, ignore and unhandled at the top are short for those of payment.
   */
  lives?: {
    [k: string]:
      | {
          /**
           * A built-in life, such as payment, or the path of a life.json from this file. Without it, the built-in life that is called as this key.
           */
          life?: string;
          subject?: Subject;
          state?: State;
          ignore?: Ignore;
          unhandled?: Unhandled;
          /**
           * Places of the state that being paid adds to, each time it is paid, such as credits: JSON pointers, of which * is any one part.
           */
          grants?: Pointer[];
          /**
           * Places of the state that show what was chosen and not what is allowed, such as a plan's name: JSON pointers, of which * is any one part.
           */
          notAccess?: Pointer[];
        }
      | undefined;
  };
  /**
   * hookproof listens where the target asks Stripe's API, and answers with the objects of what it delivers.
   */
  api?: {
    /**
     * host:port on this machine that the target takes for Stripe's API, such as 127.0.0.1:12111.
     */
    listen: string;
  };
  /**
   * The target's own count of its deliveries.
   */
  counters?: {
    [k: string]: unknown | undefined;
  } & {
    command?: Command;
    http?: Http;
    received: Pointer;
    duplicates: Pointer;
    errors: Pointer;
  };
  stop?: Stop;
  start?: Start;
  /**
   * hookproof listens where the target dials its database, and cuts.
   */
  database?: {
    /**
     * host:port that the target dials.
     */
    listen: string;
    /**
     * host:port where the database is.
     */
    upstream: string;
    /**
     * Environment variables by which the program of start.background dials listen. After a run the target is started again without them.
     */
    env?: {
      [k: string]: string | undefined;
    };
  };
  break?: Hook;
  mend?: Hook1;
  /**
   * Further URLs of the same endpoint, on the same database.
   */
  replicas?: string[];
  unhandled?: Unhandled;
  ignore?: Ignore;
}
export interface Http {
  url: string;
  method?: string;
  headers?: {
    [k: string]: string | undefined;
  };
  body?: unknown;
}
