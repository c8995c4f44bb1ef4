import { z } from 'zod';

const milliseconds = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const bytes = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 } as const;

/** A length of time such as `500ms`, `30s`, `5m`, `1m30s`; read as milliseconds. */
export const duration = z
  .string()
  .regex(/^(?=.)(\d+d)?(\d+h)?(\d+m(?!s))?(\d+(\.\d+)?s)?(\d+ms)?$/, 'expected a duration such as 500ms, 30s, 5m or 1m30s')
  .transform((text) =>
    [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)].reduce(
      (sum, [, amount, unit]) => sum + Number(amount) * milliseconds[unit as keyof typeof milliseconds],
      0,
    ),
  );

/** An amount of data such as `64KB` or `256MB` (powers of 1024); read as bytes. */
export const size = z
  .string()
  .regex(/^\d+(B|KB|MB|GB)$/, 'expected a size such as 16KB or 256MB')
  .transform((text) => {
    const [, amount, unit] = /^(\d+)([A-Z]+)$/.exec(text) ?? [];
    return Number(amount) * bytes[unit as keyof typeof bytes];
  });

/** A share of a whole such as `20%`; read as a fraction of 1. */
export const share = z
  .string()
  .regex(/^(100(\.0+)?|\d{1,2}(\.\d+)?)%$/, 'expected a share from 0% to 100%, such as 20%')
  .transform((text) => Number(text.slice(0, -1)) / 100);

/** A whole number of at least one. */
export const count = z.int().min(1);
