import fc from 'fast-check';
import { inject, vi } from 'vitest';

// What Stryker's runner says of the run.
declare module 'vitest' {
  interface ProvidedContext {
    activeMutant: string | undefined;
    mutantActivation: 'static' | 'runtime' | undefined;
  }
}

// The worker and the modules outlive a run. A mutant that acts while a file is loaded is seen only where all is loaded anew, and
// must be gone again for the next.
const kept = globalThis as { loadedWith?: string | undefined };
const loadedWith = inject('mutantActivation') === 'static' ? inject('activeMutant') : undefined;
if (kept.loadedWith !== loadedWith) vi.resetModules();
kept.loadedWith = loadedWith;

// That a property does not hold is all that is asked: which of its failures is the smallest would take long to find out, and
// one that waits for ever would go on beside the next mutant.
fc.configureGlobal({ endOnFailure: true, timeout: 1500, interruptAfterTimeLimit: 2000 });
