import { vi } from 'vitest';

// The worker outlives a run: what a mutant changes while a file loads is seen only where the file is loaded again.
vi.resetModules();
