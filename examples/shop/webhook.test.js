// The shop listens before: docs/node.md.
import { hookproof } from 'hookproof/node';

await hookproof({ target: 'hookproof.json', only: ['idempotence/redelivered', 'idempotence/overlapping', 'authenticity/wrong-secret'] });
