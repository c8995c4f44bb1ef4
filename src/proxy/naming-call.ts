import type { Call, Dialect } from '../core/dialect.ts';
import type { ProxiedRequest } from '../core/exchange.ts';

/** The same format, whose errors name this call; they name none where its body is not all there when the error is written. */
export function namingCall(dialect: Dialect, request: ProxiedRequest): Dialect {
  const describedNow = (): Call | undefined => {
    const call = request.call();
    return call instanceof Promise ? undefined : call;
  };
  return {
    ...dialect,
    refuse: (failure) => dialect.refuse(failure, describedNow()),
    breakOff: (failure) => dialect.breakOff(failure, describedNow()),
  };
}
