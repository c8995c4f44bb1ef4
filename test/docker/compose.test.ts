import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';

const root = resolve(import.meta.dirname, '../..');

interface Service {
  image: string;
  build?: string;
  ports?: string[];
  volumes?: string[];
  profiles?: string[];
  healthcheck?: { test: string[] };
  read_only?: boolean;
  cap_drop?: string[];
  depends_on?: Record<string, unknown>;
  environment?: Record<string, string>;
}

const compose: { services: Record<string, Service>; volumes: Record<string, unknown> } = read('docker-compose.yml');
const services = Object.entries(compose.services);

function read(path: string) {
  return parse(readFileSync(join(root, path), 'utf8'), { merge: true });
}

/** Host path or volume, path in the container, and mode. */
function mountsOf({ volumes = [] }: Service): (readonly [from: string, to: string, mode: string | undefined])[] {
  return volumes.map((volume) => {
    const [from = '', to = '', mode] = volume.split(':');
    return [from, to, mode] as const;
  });
}

function isLoopback(port: string): boolean {
  return /^127\.0\.0\.1:\d+:\d+$/.test(port);
}

function isPinned(image: string): boolean {
  return /^[\w./-]+:v?\d+\.\d+(\.\d+)?[\w.-]*(@sha256:[0-9a-f]{64})?$/.test(image);
}

describe('docker-compose.yml', () => {
  it('has the sidecar and what shows what it does, and the rest only on demand', () => {
    const always = services.filter(([, { profiles }]) => !profiles).map(([name]) => name);
    expect(always).toEqual(['outrigger', 'prometheus', 'grafana', 'tempo', 'mailpit']);
    expect(services.flatMap(([, { profiles }]) => profiles ?? [])).toEqual(['load', 'fleet']);
  });

  it('publishes every port on loopback, and no port twice', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []);
    expect(ports.length).toBeGreaterThanOrEqual(8);
    expect(ports.filter((port) => !isLoopback(port))).toEqual([]);
    expect(new Set(ports).size).toBe(ports.length);
    expect(['4141:4141', '0.0.0.0:1:1'].some(isLoopback)).toBe(false);
  });

  it('pins every image, those of the Dockerfile too', () => {
    const bases = [...readFileSync(join(root, 'Dockerfile'), 'utf8').matchAll(/^FROM (\S+)/gm)].map(([, image]) => image ?? '');
    const images = [...services.map(([, { image }]) => image), ...bases];
    expect(images.length).toBe(services.length + 3);
    expect(images.filter((image) => !isPinned(image))).toEqual([]);
    expect(['grafana/grafana', 'grafana/grafana:latest', 'node:26'].some(isPinned)).toBe(false);
  });

  it('mounts only what there is, and files of ours read-only', () => {
    const mounts = services.flatMap(([, service]) => mountsOf(service));
    const ours = mounts.filter(([from]) => from.startsWith('./'));
    expect(ours.length).toBeGreaterThanOrEqual(6);
    expect(ours.filter(([from]) => !existsSync(join(root, from)))).toEqual([]);
    expect(ours.filter(([, , mode]) => mode !== 'ro')).toEqual([]);
    const named = mounts.filter(([from]) => !from.startsWith('./')).map(([from]) => from);
    expect(named.toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
  });

  it('asks each service after its health, and lets none change itself', () => {
    const lasting = services.filter(([name]) => name !== 'k6');
    expect(lasting.filter(([, { healthcheck }]) => healthcheck?.test[0] !== 'CMD').map(([name]) => name)).toEqual([]);
    expect(lasting.filter(([, { read_only, cap_drop }]) => !read_only || cap_drop?.[0] !== 'ALL').map(([name]) => name)).toEqual([]);
    expect(services.flatMap(([, { depends_on = {} }]) => Object.keys(depends_on)).filter((name) => !compose.services[name])).toEqual([]);
  });

  it('lets Grafana be looked at, and no more', () => {
    expect(compose.services['grafana']?.environment).toMatchObject({
      GF_AUTH_ANONYMOUS_ENABLED: 'true',
      GF_AUTH_ANONYMOUS_ORG_ROLE: 'Viewer',
    });
  });
});

describe('what the services are given', () => {
  const named = (port: string) => {
    const [name = '', number] = port.split(':');
    return { known: name in compose.services, number };
  };

  it('is a sound configuration of the sidecar', () => {
    const environment = { OUTRIGGER_ADMIN_TOKEN: 'a-secret-of-some-length' };
    const loaded = loadConfig({ config: join(root, 'docker/outrigger.yaml'), environment, directory: root });
    expect(loaded).toMatchObject({ ok: true, warnings: [] });
  });

  it('leads Prometheus to the sidecar by the job that the rules go by, and to the rules', () => {
    const { scrape_configs: jobs, rule_files: files } = read('docker/prometheus.yml');
    const job = jobs.find(({ job_name }: { job_name: string }) => job_name === read('config/slo.yml').job);
    expect(named(job.static_configs[0].targets[0])).toEqual({ known: true, number: '4142' });
    const [, to] = mountsOf(compose.services['prometheus']!).find(([from]) => from === './grafana/alerts') ?? [];
    expect(files).toEqual([`${to}/*.yml`]);
    expect(readdirSync(join(root, 'grafana/alerts')).filter((file) => file.endsWith('.yml'))).not.toEqual([]);
  });

  it('leads Grafana to Prometheus, to Tempo and to the dashboards', () => {
    const { datasources } = read('grafana/provisioning/datasources/datasources.yml');
    expect(datasources.map(({ uid, url }: { uid: string; url: string }) => [uid, named(new URL(url).host)])).toEqual([
      ['prometheus', { known: true, number: '9090' }],
      ['tempo', { known: true, number: '3200' }],
    ]);
    expect(datasources[0].jsonData.timeInterval).toBe(read('docker/prometheus.yml').global.scrape_interval);
    const { providers } = read('grafana/provisioning/dashboards/provider.yml');
    const mounts = mountsOf(compose.services['grafana']!);
    expect(mounts).toContainEqual(['./grafana/dashboards', providers[0].options.path, 'ro']);
    const home = compose.services['grafana']?.environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'] ?? '';
    expect(existsSync(join(root, home.replace('/etc/grafana', 'grafana')))).toBe(true);
  });

  it('lets Tempo listen where it is spoken to', () => {
    const tempo = read('docker/tempo.yml');
    expect(named(new URL(compose.services['outrigger']?.environment?.['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '').host)).toEqual({
      known: true,
      number: tempo.distributor.receivers.otlp.protocols.http.endpoint.split(':')[1],
    });
    expect(tempo.server.http_listen_port).toBe(3200);
  });
});

describe('the Dockerfile', () => {
  const text = readFileSync(join(root, 'Dockerfile'), 'utf8');
  const kept = readFileSync(join(root, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));

  it('copies only what there is and what .dockerignore lets through', () => {
    const copies = [...text.matchAll(/^COPY (?!--from)(.+)$/gm)].flatMap(([, paths]) => (paths ?? '').split(' ').slice(0, -1));
    expect(copies.length).toBeGreaterThan(8);
    expect(copies.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    expect(copies.filter((path) => !kept.includes(path))).toEqual([]);
    expect(kept.filter((path) => !copies.includes(path))).toEqual([]);
  });

  it('ends as a user who is not root, with the Node that the tests run on', () => {
    expect(text.match(/^USER .+$/gm)?.at(-1)).toMatch(/^USER [1-9]\d*:[1-9]\d*$/);
    const { devDependencies } = read('package.json');
    expect([...text.matchAll(/^FROM node:([\d.]+)/gm)].map(([, version]) => version)).toEqual(Array(3).fill(devDependencies.node));
  });
});
