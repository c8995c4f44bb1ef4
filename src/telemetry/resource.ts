import { detectResources, envDetector, type Resource, resourceFromAttributes } from '@opentelemetry/resources';

/** Who we are, in all that leaves by OTLP: `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` win. */
export function ownResource(version: string): Resource {
  const own = resourceFromAttributes({ 'service.name': 'outrigger', 'service.version': version });
  return own.merge(detectResources({ detectors: [envDetector] }));
}
