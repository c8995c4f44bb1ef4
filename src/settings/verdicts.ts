import { z } from 'zod';
import { verdicts } from '../core/verdict.ts';

/** The verdicts that a policy may be told to act on. */
export const verdictList = z.array(z.enum(verdicts).exclude(['ok', 'cancelled', 'refused']));
